import { isBitbucketAuthError } from "@bitbucket-auth/core";
import type { CredentialKind } from "@bitbucket-auth/credentials";
import {
  chooseAccount,
  type Keeping,
  loginCommand,
  notSignedIn,
  openAccount,
  openKeeping,
  removeGrant,
  type Surroundings,
} from "./accounts.js";
import { gitOriginOf, readAccountName, readSpan } from "./environment.js";
import {
  CommandError,
  describeFailure,
  exitCodeFor,
  exitCodes,
  type Failure,
  forReader,
  oneLine,
} from "./failure.js";

/** Options of the commands that hand out a token, as texts from the command line. */
export interface TokenOptions {
  readonly account?: string | undefined;
  readonly minValidity?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Prints a token that works, and nothing else. */
export async function printToken(surroundings: Surroundings, options: TokenOptions): Promise<void> {
  const { terminal } = surroundings;
  const minValidityMs = options.minValidity === undefined ? undefined : readSpan(options.minValidity);
  const keeping = openKeeping(surroundings, options);
  try {
    const account = await openAccount(keeping, surroundings, options.account);
    const { token, expiresAt, scopes, gitUsername } = await account.token({ minValidityMs });
    const { name, kind, email } = account;
    terminal.answer(
      options.json === true
        ? JSON.stringify({ account: name ?? null, kind, token, email, gitUsername, expiresAt, scopes })
        : token,
    );
  } finally {
    await keeping.close();
  }
}

/** What `status` found out about the account it was asked for. No token in it. */
export interface Status {
  /** `null`: what the environment describes. */
  readonly account: string | null;
  readonly kind?: CredentialKind | undefined;
  readonly works: boolean;
  readonly user?:
    | { readonly displayName?: string | undefined; readonly uuid?: string | undefined }
    | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** Epoch milliseconds. */
  readonly expiresAt?: number | undefined;
  /** Directories of the records and of their key. */
  readonly keptIn: string;
  readonly keyIn: string;
  /** Every account that is kept. */
  readonly accounts: readonly string[];
  /** What is wrong, and the next step. */
  readonly problem?: string | undefined;
}

/** Prints who is signed in, with which scopes, until when, and where that is kept. Resolves with the exit code. */
export async function printStatus(surroundings: Surroundings, options: TokenOptions): Promise<number> {
  const { terminal } = surroundings;
  const keeping = openKeeping(surroundings, options);
  try {
    const { status, exitCode } = await findStatus(keeping, surroundings, options.account);
    if (options.json === true) terminal.answer(JSON.stringify(status));
    else terminal.answer(describeStatus(status));
    return exitCode;
  } finally {
    await keeping.close();
  }
}

async function findStatus(
  keeping: Keeping,
  surroundings: Surroundings,
  option: string | undefined,
): Promise<{ readonly status: Status; readonly exitCode: number }> {
  const { places, settings } = keeping;
  const asked = readAccountName(option, surroundings.env);
  const accounts = await settings.names();
  const name = asked ?? chooseAccount(accounts) ?? null;
  const login = loginCommand(name ?? undefined);
  const known = {
    account: name,
    keptIn: places.records,
    keyIn: places.key,
    accounts,
  };
  const wrong = ({ message, exitCode }: Pick<Failure, "message" | "exitCode">, kind?: CredentialKind) => ({
    status: { ...known, kind, works: false, problem: message },
    exitCode,
  });
  try {
    const { kind, token, ...account } = await openAccount(keeping, surroundings, option);
    const credential = await account.credential();
    const verified = await credential.verify({ signal: surroundings.signal });
    if (!verified.ok && verified.problem !== "scope_missing") {
      const next = verified.problem === "signed_out" ? ` To sign in: ${login}` : "";
      return wrong(
        { message: `${forReader(verified.message)}${next}`, exitCode: exitCodeFor(verified.action) },
        kind,
      );
    }
    if (verified.ok && kind !== "oauth" && kind !== "consumer")
      await settings.accept((await credential.git()).password);
    const { expiresAt } = await token();
    const { scopes } = verified;
    const user = verified.ok ? verified.identity : undefined;
    const problem = verified.ok ? undefined : oneLine(verified.message);
    return {
      status: { ...known, kind, works: true, user, scopes, expiresAt, problem },
      exitCode: exitCodes.ok,
    };
  } catch (error) {
    if (!isBitbucketAuthError(error) && !(error instanceof CommandError)) throw error;
    return wrong(describeFailure(error, login));
  }
}

/** A status as lines for a reader. */
function describeStatus(status: Status): string {
  const { account, kind, works, user, scopes, expiresAt, keptIn, keyIn, accounts, problem } = status;
  const others = accounts.filter((each) => each !== account);
  const lines: readonly (readonly [string, string | undefined])[] = [
    ["Account", account ?? (kind === undefined ? undefined : "from the environment")],
    ["Kind", kind?.replace("_", " ")],
    ["Works", works ? "yes" : "no"],
    ["Problem", problem],
    [
      "User",
      user &&
        [user.displayName, user.uuid]
          .filter((each) => each !== undefined)
          .map(oneLine)
          .join(" "),
    ],
    ["Scopes", scopes && (scopes.map(oneLine).join(", ") || "none")],
    ["Token until", expiresAt === undefined ? undefined : new Date(expiresAt).toISOString()],
    ["Kept in", keptIn],
    ["Key in", keyIn],
    ["Other accounts", others.length > 0 ? others.join(", ") : undefined],
  ];
  return lines.flatMap(([label, text]) => (text ? [`${`${label}:`.padEnd(16)}${text}`] : [])).join("\n");
}

/** Forgets an account on this machine. */
export async function logout(surroundings: Surroundings, options: TokenOptions): Promise<void> {
  const { terminal, env } = surroundings;
  const keeping = openKeeping(surroundings);
  try {
    const { settings } = keeping;
    const names = await settings.names();
    const name = readAccountName(options.account, env) ?? chooseAccount(names);
    if (name === undefined || !names.includes(name)) {
      throw notSignedIn(name);
    }
    // An entry that cannot be read can be forgotten all the same.
    const kept = await settings.account(name).catch((error: unknown) => {
      if (error instanceof CommandError) return undefined;
      throw error;
    });
    await removeGrant(keeping, name, kept);
    // Another command may have signed in meanwhile.
    await removeGrant(keeping, name, await settings.setAccount(name, undefined));
    if (options.json === true) terminal.answer(JSON.stringify({ account: name, forgotten: true }));
    terminal.say(`Forgot the account ${name} on this machine.`);
    terminal.say(
      `Bitbucket is not told: ${kept?.kind === "oauth" || kept === undefined ? `the consent is withdrawn at ${gitOriginOf(keeping.endpoints)}/account/settings/app-authorizations/` : "the token is revoked where it was made"}.`,
    );
  } finally {
    await keeping.close();
  }
}
