import { InvalidOptionsError } from "@bitbucket-auth/core";
import { deliver } from "./deliver.js";

type Callback = (error: unknown, answer?: unknown) => void;
type Method = (...args: readonly unknown[]) => unknown;
type Promised = (...args: readonly unknown[]) => Promise<unknown>;

/** Methods that answer at once and take no callback. */
const immediate: ReadonlySet<string> = new Set(["hasParent"]);

/**
 * Gives every method of a group its promise: without a callback it answers one, and `promised` rejects where the package
 * resolved with what went wrong. Wrong arguments end as `InvalidOptionsError` in the promise or the callback.
 */
export function promiseMethods(group: Record<string, unknown>, groupName: string): Record<string, Promised> {
  const promised: Record<string, Promised> = {};
  for (const [name, value] of Object.entries(group)) {
    if (!isMethod(name, value)) continue;
    const label = `${groupName}.${name}()`;
    const call = promiseOf(value, label);
    promised[name] = call;
    group[name] = (...args: readonly unknown[]) => {
      const given = withoutAbsent(args);
      const callback = given.at(-1);
      return isCallback(callback) ? deliver(call(...given.slice(0, -1)), callback) : call(...given);
    };
  }
  group["promised"] = promised;
  return promised;
}

function isMethod(name: string, value: unknown): value is Method {
  if (typeof value !== "function" || name.startsWith("$") || immediate.has(name)) return false;
  // The package's `forProject()` and its like take any number of arguments, and throw.
  return !(value.length === 0 && name.startsWith("for"));
}

function promiseOf(method: Method, label: string): Promised {
  return (...args) =>
    new Promise((resolve, reject) => {
      // A parameter with a default does not count in `length`; the package checks the number itself there.
      const takes = method.length - 1;
      const given = withoutAbsent(args);
      if (takes >= 0 && given.length !== takes) {
        reject(
          new InvalidOptionsError(
            `${label} takes ${takes} argument(s) before its callback, and got ${given.length}.`,
          ),
        );
        return;
      }
      const settle: Callback = (error, answer) => (error == null ? resolve(answer) : reject(error));
      try {
        method(...given, settle);
      } catch (error) {
        reject(new InvalidOptionsError(`${label}: ${wordsOf(error)}`));
      }
    });
}

function isCallback(value: unknown): value is Callback {
  return typeof value === "function";
}

/** Without what a caller left out at the end by passing `undefined`. */
function withoutAbsent(args: readonly unknown[]): readonly unknown[] {
  return args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
}

/** The package's own words, which can quote the source of a function it was given. */
function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : "wrong arguments";
  return words.split("\n", 1)[0]?.slice(0, 160) ?? "";
}
