import { InvalidOptionsError } from "@bitbucket-auth/core";
import type { BitbucketAPI } from "./bitbucket-api.js";
import { requireBitbucketApiV2 } from "./load-peer.js";
import { isRecord, readSignal, type ApiAnswer } from "./options.js";
import { paginate } from "./paginate.js";
import {
  createRequestAdapter,
  deliver,
  eitherSignal,
  type RequestAdapter,
  type Transport,
} from "./request-adapter.js";
import { whoAmI } from "./who-am-i.js";

/** Makes an API object of `bitbucket-api-v2` on our transport, and repairs in it what a transport cannot. */
export function assembleApi(transport: Transport): BitbucketAPI {
  const request = createRequestAdapter(transport);
  // The package has no types. `every-method.test.ts` holds `BitbucketAPI` to it, name by name.
  const api = requireBitbucketApiV2().createBitbucketAPI({ requestAdapter: () => request });
  addMissingMethod(api.pipelines, request);

  const promised: Record<string, unknown> = {};
  for (const [name, group] of Object.entries<Record<string, unknown>>(api)) {
    if (isGroup(group)) promised[name] = promiseMethods(group, name);
  }
  const assembled: BitbucketAPI = Object.assign(api, {
    promised,
    getNextPage: follow(request, "next"),
    getPreviousPage: follow(request, "previous"),
    hasNextPage: (page: ApiAnswer) => linkOf(page, "next") !== "",
    hasPreviousPage: (page: ApiAnswer) => linkOf(page, "previous") !== "",
    authorizeOAuth2: () => {
      throw new InvalidOptionsError(
        "authorizeOAuth2() never worked. Send the user to sign in with auth.startAuthorization() of @bitbucket-auth/core.",
      );
    },
    paginate: (...args: DropFirst<Parameters<typeof paginate>>) => paginate(assembled, ...args),
    whoAmI: () => whoAmI(assembled),
    withSignal: (signal: AbortSignal) =>
      assembleApi({ ...transport, signal: eitherSignal(transport.signal, readSignal(signal)) }),
  });
  return assembled;
}

type DropFirst<List extends readonly unknown[]> = List extends readonly [unknown, ...infer Rest]
  ? Rest
  : never;

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && "$createListener" in value;
}

/** The package's own `getStep` counts its arguments wrongly, so that every call of it throws. */
function addMissingMethod(pipelines: Record<string, unknown>, request: RequestAdapter): void {
  pipelines["getStep"] = (
    workspace: string,
    repository: string,
    pipeline: string,
    step: string,
    callback: Callback,
  ) => {
    const route = [workspace, repository, "pipelines", pipeline, "steps", step]
      .map((part) => encodeURI(part))
      .join("/");
    return request.get(`repositories/${route}`, undefined, undefined, callback);
  };
}

function follow(request: RequestAdapter, link: "next" | "previous") {
  return (page: ApiAnswer, callback?: Callback): Promise<unknown> | undefined => {
    const address = linkOf(page, link);
    const answer =
      address !== ""
        ? request.doPrebuiltSend(address)
        : Promise.reject(
            new InvalidOptionsError(
              `This page has no ${link} one. Ask first: hasNextPage(), hasPreviousPage().`,
            ),
          );
    return answer && deliver(answer, callback);
  };
}

/** A link of a page, empty where there is none. */
function linkOf(page: unknown, link: "next" | "previous"): string {
  const address = isRecord(page) && page[link];
  return typeof address === "string" ? address : "";
}

type Callback = (error: unknown, answer?: unknown) => void;
type Method = (...args: readonly unknown[]) => unknown;
type Promised = (...args: readonly unknown[]) => Promise<unknown>;

/** Synchronous methods, which take no callback. */
const immediate: ReadonlySet<string> = new Set(["hasParent"]);

/**
 * Gives every method of a group its promise: without a callback it returns one, and `promised` rejects where the package
 * resolved with what went wrong. Wrong arguments end as `InvalidOptionsError` in the promise or the callback.
 */
function promiseMethods(group: Record<string, unknown>, groupName: string): Record<string, Promised> {
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

/** The package's own message, cut to its first line: it can quote the source of a function it was given. */
function wordsOf(error: unknown): string {
  const words =
    isRecord(error) && typeof error["message"] === "string" ? error["message"] : "wrong arguments";
  return words.split("\n", 1)[0]?.slice(0, 160) ?? "";
}
