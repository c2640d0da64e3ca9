import { isBitbucketAuthError, type ErrorAction } from "@bitbucket-auth/core";

/** What the process exits with. Documented, and stable. */
export const exitCodes = {
  /** The answer is on stdout. */
  ok: 0,
  /** Used wrongly: an unknown option, a value that cannot be read. Also a fault of this program. */
  usage: 1,
  /** Sign in: there is no grant, or Bitbucket no longer takes it. */
  signIn: 2,
  /** Try again later: Bitbucket or the storage did not answer, or asks to wait. */
  later: 3,
  /** Set up wrongly: the consumer, a scope, the permissions of a file. Waiting does not help. */
  setup: 4,
  /** Ctrl-C, as shells report it. */
  interrupted: 130,
} as const;

/** Why a command cannot answer. Its message names the next step. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;
  readonly code: string;

  constructor(message: string, { exitCode, code }: { readonly exitCode: number; readonly code: string }) {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
  }
}

/** A value or a combination of options that this program cannot use. */
export function usageError(message: string): CommandError {
  return new CommandError(message, { exitCode: exitCodes.usage, code: "usage" });
}

/** Something around this program is set up wrongly. */
export function setupError(message: string): CommandError {
  return new CommandError(message, { exitCode: exitCodes.setup, code: "invalid_setup" });
}

/** A failure as it is told: one line for a reader, stable fields for a script. */
export interface Failure {
  readonly exitCode: number;
  readonly code: string;
  /** One line. No token, no secret. */
  readonly message: string;
  /** Epoch milliseconds: another try before that is not worth making. */
  readonly retryAt?: number | undefined;
}

const exitCodeOf: Readonly<Record<ErrorAction, number>> = {
  reauthorize: exitCodes.signIn,
  retry: exitCodes.later,
  fix_config: exitCodes.setup,
  add_scope: exitCodes.setup,
};

/** The exit code for the next step that an error or a verification names. */
export function exitCodeFor(action: ErrorAction): number {
  return exitCodeOf[action];
}

/** What a thrown value means for the caller of the program. `login` is the command that signs this account in. */
export function describeFailure(error: unknown, login: string): Failure {
  if (error instanceof CommandError) {
    return { exitCode: error.exitCode, code: error.code, message: oneLine(error.message) };
  }
  if (isBitbucketAuthError(error)) {
    const exitCode = exitCodeFor(error.action);
    const { retryAt } = error;
    const message = forReader(error.message, retryAt);
    return {
      exitCode,
      code: error.code,
      message:
        exitCode === exitCodes.signIn ? `${withoutAdvice(message)} To sign in again: ${login}` : message,
      retryAt: retryAt === undefined ? undefined : Math.ceil(retryAt),
    };
  }
  if (nameOf(error) === "AbortError") {
    return {
      exitCode: exitCodes.interrupted,
      code: "interrupted",
      message: "Interrupted. Nothing was changed.",
    };
  }
  // Note: the message of something foreign may hold what it failed on.
  const name = nameOf(error);
  const message = `This is a fault of bitbucket-auth (${name}). Please report it, with the command you ran.`;
  return { exitCode: exitCodes.usage, code: "internal", message };
}

/** Whether a command line asks for its failure as JSON. What stands behind `exec` is for the command that it runs. */
export function wantsJson(args: readonly string[]): boolean {
  return args[0] !== "exec" && args.includes("--json");
}

/** A message of core's as one line, with the time or the variable that a user of a program sees in place of a property or option. */
export function forReader(message: string, retryAt?: number): string {
  const time = retryAt === undefined ? "the end of its cool-down" : new Date(retryAt).toISOString();
  return oneLine(message)
    .replaceAll("`retryAt`", time)
    .replaceAll(/(?:the option )?`directory`/g, "BITBUCKET_AUTH_DIRECTORY")
    .replaceAll("`keyDirectory`", "BITBUCKET_AUTH_KEY_DIRECTORY");
}

/** Core tells a program to send its user to sign in. Here the reader is the user, and the command follows. */
function withoutAdvice(message: string): string {
  return message.replace(/ (?:Sign in again|The user has to sign in again|Send the user to sign in)\.$/, "");
}

/** What a command rejects with after Ctrl-C. */
export function interruption(): DOMException {
  return new DOMException("Interrupted", "AbortError");
}

function nameOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return typeof error;
  for (const field of ["code", "name"]) {
    const text: unknown = Reflect.get(error, field);
    if (typeof text === "string" && /^\w{1,40}$/.test(text)) return text;
  }
  return typeof error;
}

/** Control characters of a foreign text could move the cursor of the reader's terminal. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
}

/** What one check of `doctor` found. */
export interface Finding {
  readonly check: "storage" | "account" | "consumer" | "grant" | "scopes" | "clock" | "git" | "redis" | "sql";
  /** `note`: it works, and there is something to know. `unknown`: it could not be asked. */
  readonly state: "ok" | "note" | "problem" | "unknown";
  /** Sentences: what is so, and what to do about it. No secret in them. */
  readonly text: string;
  /** What a run ends with when this is the worst it found. */
  readonly exitCode: number;
}
