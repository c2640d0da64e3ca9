import {
  type BitbucketAuth,
  createBitbucketAuth,
  type Endpoints,
  type TokenStorage,
} from "@bitbucket-auth/core";
import type { Credential, CredentialKind } from "@bitbucket-auth/credentials";
import {
  type Consumer,
  readAccountName,
  readConsumer,
  readEndpoints,
  type Variables,
} from "./environment.js";
import { CommandError, exitCodes, usageError } from "./failure.js";
import { openPlace, type Places } from "./place.js";
import { type KeptAccount, openSettings, type Settings } from "./settings.js";
import type { Terminal } from "./terminal.js";

/** What every command works with. */
export interface Surroundings {
  readonly env: Variables;
  readonly terminal: Terminal;
  /** Ctrl-C, while a command waits for a reader or a browser. */
  readonly signal?: AbortSignal | undefined;
}

/** What a command asks of a token. */
export interface TokenNeed {
  /** How long it must still be valid, in milliseconds. */
  readonly minValidityMs?: number | undefined;
}

/** A token with what a caller has to know to use it. */
export interface WorkingToken {
  readonly token: string;
  /** The user name that goes with it to Git. */
  readonly gitUsername: string;
  /** Epoch milliseconds, where it is known. */
  readonly expiresAt?: number | undefined;
  readonly scopes?: readonly string[] | undefined;
}

/** One account, ready to be used. */
export interface OpenAccount {
  /** As it was named at the sign-in; `undefined` for what the environment describes. */
  readonly name: string | undefined;
  readonly kind: CredentialKind;
  /** For Bitbucket's API. Loaded when it is asked for: a command that hands out a token does not need it. */
  readonly credential: () => Promise<Credential>;
  /** For an API token: the email that goes with it. */
  readonly email?: string | undefined;
  /** A token that works. One that Bitbucket was seen to refuse is not handed out again. */
  readonly token: (need?: TokenNeed) => Promise<WorkingToken>;
}

/** The storage of the command line, and what is made on top of it. Close it at the end. */
export interface Keeping {
  readonly endpoints: Endpoints;
  readonly storage: TokenStorage;
  readonly settings: Settings;
  readonly places: Places;
  /** A `BitbucketAuth` for a consumer, on this storage. */
  authFor(consumer: Consumer): BitbucketAuth;
  /** Waits for what was begun (a refresh ahead of need, a write), then closes the storage. */
  close(): Promise<void>;
}

/**
 * Opens the storage. Touches nothing before the first call. A command that may do with what the environment describes passes its
 * options, whether an account is named in them or not: it needs no place to keep things in.
 */
export function openKeeping(
  { env, terminal }: Surroundings,
  use?: { readonly account?: string | undefined },
): Keeping {
  const endpoints = readEndpoints(env);
  const warn = (message: string): void => terminal.say(`bitbucket-auth: ${message}`);
  const mayForget =
    use !== undefined && readAccountName(use.account, env) === undefined && describesCredential(env);
  const { storage, places } = openPlace(env, warn, mayForget);
  const auths: BitbucketAuth[] = [];
  const begun: Promise<unknown>[] = [];
  return {
    endpoints,
    storage,
    settings: openSettings(storage, endpoints),
    places,
    authFor(consumer) {
      const auth = createBitbucketAuth({
        ...consumer,
        storage,
        endpoints,
        logger: { error: warn },
        waitUntil: (work) => void begun.push(work),
      });
      auths.push(auth);
      return auth;
    },
    async close() {
      // A refresh that was sent has spent the refresh token: the answer has to be waited for and saved.
      await Promise.allSettled(begun);
      await Promise.all(auths.map((auth) => auth.close()));
      await storage.close();
    },
  };
}

/** The name that a new account gets when none is given. */
export const usualName = "default";

/** The command that signs an account in, for messages. */
export function loginCommand(name: string | undefined): string {
  return name === undefined || name === usualName
    ? "bitbucket-auth login"
    : `bitbucket-auth login --account ${name}`;
}

/** Variables of which each describes a credential, or half of one. */
const credentialVariables = [
  "BITBUCKET_API_TOKEN",
  "BITBUCKET_ACCESS_TOKEN",
  "BITBUCKET_CLIENT_ID",
  "BITBUCKET_CLIENT_SECRET",
];

function describesCredential(env: Variables): boolean {
  return credentialVariables.some((variable) => env[variable]);
}

/**
 * The account a command is for: the one that was named; else the one called `default`, or the only one there is; else what the
 * environment describes. Which one is meant among several is not guessed.
 */
export async function openAccount(
  keeping: Keeping,
  surroundings: Surroundings,
  option: string | undefined,
): Promise<OpenAccount> {
  const { env } = surroundings;
  const { settings } = keeping;
  const asked = readAccountName(option, env);
  const name = asked ?? chooseAccount(await settings.names());
  if (name !== undefined) {
    const kept = await settings.account(name);
    if (kept) return keptAccount(keeping, surroundings, name, kept);
    throw notSignedIn(name);
  }
  if (describesCredential(env)) return accountOfEnvironment(keeping, surroundings);
  throw notSignedIn(undefined);
}

/** Removes the tokens that an account had of its consumer, unless they are of the one that `stays`. */
export async function removeGrant(
  keeping: Keeping,
  name: string,
  account: KeptAccount | undefined,
  stays?: Consumer,
): Promise<void> {
  if (account?.kind !== "oauth" || account.consumer.clientId === stays?.clientId) return;
  await keeping.authFor(account.consumer).signOut(name);
}

/** The account that is meant when none was named. `undefined`: there is none. */
export function chooseAccount(names: readonly string[]): string | undefined {
  if (names.length <= 1 || names.includes(usualName)) return names.includes(usualName) ? usualName : names[0];
  throw usageError(`There are several accounts (${names.join(", ")}). Name one: --account ${names[0]}`);
}

/** The failure of a command whose account is not there; the command that signs it in follows. */
export function notSignedIn(
  name: string | undefined,
  what: string = name === undefined ? "Not signed in." : `There is no account ${name}.`,
): CommandError {
  return new CommandError(`${what} To sign in: ${loginCommand(name)}`, {
    exitCode: exitCodes.signIn,
    code: "signed_out",
  });
}

async function keptAccount(
  keeping: Keeping,
  surroundings: Surroundings,
  name: string,
  kept: KeptAccount,
): Promise<OpenAccount> {
  if (kept.kind !== "oauth") {
    const credential = await staticCredential(kept, keeping, surroundings);
    const email = kept.kind === "api_token" ? kept.email : undefined;
    return {
      name,
      kind: kept.kind,
      credential: async () => credential,
      email,
      token: () => fixedToken(keeping, name, credential),
    };
  }
  const auth = keeping.authFor(kept.consumer);
  return {
    name,
    kind: "oauth",
    async credential() {
      const { oauthCredential } = await import("@bitbucket-auth/credentials");
      return oauthCredential({ auth, account: name });
    },
    token: (need) => renewedToken(keeping, (want) => auth.getTokens(name, want), need),
  };
}

/** The credential of a kind that cannot be renewed. */
export async function staticCredential(
  kept: Exclude<KeptAccount, { kind: "oauth" }>,
  { endpoints: { apiUrl } }: Pick<Keeping, "endpoints">,
  { terminal }: Surroundings,
): Promise<Credential> {
  const { accessToken, apiToken } = await import("@bitbucket-auth/credentials");
  const common = {
    endpoints: { apiUrl },
    onWarning: ({ message }: { readonly message: string }) => terminal.say(`bitbucket-auth: ${message}`),
  };
  if (kept.kind === "api_token") {
    const { email, token, expiresAt } = kept;
    return apiToken({ email, token, expiresAt, ...common });
  }
  const { token, workspace, repository, expiresAt } = kept;
  return accessToken({ token, workspace, repository, expiresAt, ...common });
}

/** For CI: static tokens as they are, and the consumer itself by client credentials, kept as grants are. */
async function accountOfEnvironment(keeping: Keeping, { env, terminal }: Surroundings): Promise<OpenAccount> {
  const isStatic = Boolean(env["BITBUCKET_API_TOKEN"] ?? env["BITBUCKET_ACCESS_TOKEN"]);
  const consumer = isStatic ? undefined : readConsumer(env);
  if (consumer) {
    const auth = keeping.authFor(consumer);
    return {
      name: undefined,
      kind: "consumer",
      async credential() {
        const { consumerCredential } = await import("@bitbucket-auth/credentials");
        return consumerCredential({ auth });
      },
      token: (need) => renewedToken(keeping, (want) => auth.getTokens(want), need),
    };
  }
  const { credentialFromEnvironment } = await import("@bitbucket-auth/credentials");
  const credential = credentialFromEnvironment({
    env,
    endpoints: { apiUrl: keeping.endpoints.apiUrl },
    onWarning: ({ message }) => terminal.say(`bitbucket-auth: ${message}`),
  });
  return {
    name: undefined,
    kind: credential.kind,
    credential: async () => credential,
    email: env["BITBUCKET_EMAIL"],
    token: () => fixedToken(keeping, undefined, credential),
  };
}

type AskForTokens = (want: {
  readonly minValidityMs?: number | undefined;
  readonly rejected?: string | undefined;
}) => ReturnType<BitbucketAuth["getTokens"]>;

async function renewedToken(
  { settings }: Keeping,
  ask: AskForTokens,
  { minValidityMs }: TokenNeed = {},
): Promise<WorkingToken> {
  const want = minValidityMs === undefined ? {} : { minValidityMs };
  let tokens = await ask(want);
  if (await settings.isRefused(tokens.accessToken)) {
    tokens = await ask({ ...want, rejected: tokens.accessToken });
  }
  const { accessToken: token, expiresAt, scopes } = tokens;
  return { token, gitUsername: "x-token-auth", expiresAt, scopes };
}

async function fixedToken(
  { settings }: Keeping,
  name: string | undefined,
  credential: Credential,
): Promise<WorkingToken> {
  const { username, password, expiresAt } = await credential.git();
  const kind = credential.kind.replace("_", " ");
  const source = name === undefined ? "Replace the variable that holds it." : "";
  if (expiresAt !== undefined && expiresAt <= Date.now()) {
    throw replaceToken(
      `This ${kind} expired on ${new Date(expiresAt).toISOString().slice(0, 10)}.`,
      name,
      source,
    );
  }
  if (await settings.isRefused(password)) {
    throw replaceToken(`Bitbucket refused this ${kind}.`, name, source);
  }
  return { token: password, gitUsername: username, expiresAt };
}

function replaceToken(what: string, name: string | undefined, source: string): CommandError {
  const next = source || `Make a new one, then: ${loginCommand(name)} --api-token (or --access-token)`;
  return new CommandError(`${what} ${next}`, { exitCode: exitCodes.signIn, code: "token_refused" });
}
