import { spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import { openAccount, openKeeping, type Surroundings, type WorkingToken } from "./accounts.js";
import { readSpan } from "./environment.js";
import { CommandError } from "./failure.js";
import type { TokenOptions } from "./tokens.js";

/** How a child ended. */
export interface ChildEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs a command with `BITBUCKET_TOKEN` in its environment, never in its arguments, and resolves with how it ended. Signals
 * that reach this process are passed on.
 */
export async function runWithToken(
  surroundings: Surroundings,
  [command = "", ...args]: readonly string[],
  options: TokenOptions,
): Promise<ChildEnd> {
  // Note: Node would throw for it, and shells take it for the name of a command that is not there.
  if (command === "") throw notStarted("''", { code: "ENOENT" });
  const minValidityMs = options.minValidity === undefined ? undefined : readSpan(options.minValidity);
  const keeping = openKeeping(surroundings, options);
  let working: WorkingToken;
  let email: string | undefined;
  try {
    const account = await openAccount(keeping, surroundings, options.account);
    ({ email } = account);
    working = await account.token({ minValidityMs });
  } finally {
    await keeping.close();
  }
  const env = {
    ...surroundings.env,
    BITBUCKET_TOKEN: working.token,
    ...(email !== undefined && { BITBUCKET_EMAIL: email }),
  };
  return runChild(command, args, env);
}

/** A terminal sends these to the whole foreground group itself: the child has them already. */
const fromTheTerminal: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];
const passedOn: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR2", "SIGCONT"];

function runChild(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { stdio: "inherit", env });
    const isTerminal = process.stdin.isTTY;
    const handlers = passedOn.map((signal) => {
      const handle = (): void => {
        if (!(isTerminal && fromTheTerminal.includes(signal))) child.kill(signal);
      };
      process.on(signal, handle);
      return () => process.off(signal, handle);
    });
    const end = (settle: () => void): void => {
      for (const remove of handlers) remove();
      settle();
    };
    child.once("error", (error) => end(() => reject(notStarted(command, error))));
    child.once("exit", (exitCode, signal) => end(() => resolve({ exitCode, signal })));
  });
}

/** As shells and `env` report it. */
function notStarted(command: string, error: object): CommandError {
  const isMissing = Reflect.get(error, "code") === "ENOENT";
  return new CommandError(isMissing ? `${command}: command not found` : `${command}: it cannot be run`, {
    exitCode: isMissing ? 127 : 126,
    code: "command_not_run",
  });
}

/** The exit code that stands for an end by signal where the signal itself cannot be repeated: 128 and its number. */
export function exitCodeOfChild({ exitCode, signal }: ChildEnd): number {
  return exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
