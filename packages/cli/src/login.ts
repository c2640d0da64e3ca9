import { AuthorizationCallbackError, type BitbucketAuth, isBitbucketAuthError } from "@bitbucket-auth/core";
import { assertCredential } from "@bitbucket-auth/core/internal";
import type { Credential, Verification } from "@bitbucket-auth/credentials";
import {
  type Keeping,
  openAccount,
  openKeeping,
  removeGrant,
  staticCredential,
  type Surroundings,
  usualName,
} from "./accounts.js";
import { openInBrowser, type OpenedPage } from "./browser.js";
import { type Consumer, readAccountName, readConsumer, readDay, readPort } from "./environment.js";
import { CommandError, exitCodeFor, oneLine, usageError } from "./failure.js";
import { isLost, type KeptAccount } from "./settings.js";

/** The options of `login`, as texts from the command line. */
export interface LoginOptions {
  readonly account?: string | undefined;
  readonly port?: string | undefined;
  /** `false` with `--no-browser`: the address is pasted back. */
  readonly browser?: boolean | undefined;
  readonly newConsumer?: boolean | undefined;
  readonly apiToken?: boolean | undefined;
  readonly accessToken?: boolean | undefined;
  readonly email?: string | undefined;
  readonly workspace?: string | undefined;
  readonly repository?: string | undefined;
  readonly expires?: string | undefined;
  readonly json?: boolean | undefined;
}

const waitMs = 300_000;
const usualPort = 8976;

/** Signs in and says who. Everything is kept under the account's name. */
export async function login(surroundings: Surroundings, options: LoginOptions): Promise<void> {
  const { terminal, env } = surroundings;
  const plan = planLogin(options);
  const name = readAccountName(options.account, env) ?? usualName;
  const keeping = openKeeping(surroundings);
  try {
    await keeping.settings.names().catch((error: unknown) => {
      if (!isLost(error)) throw error;
      terminal.say("The accounts that were kept cannot be read. This sign-in takes their place.");
    });
    const verified =
      plan.kind === "oauth"
        ? await signInWithConsumer(keeping, surroundings, { ...options, name, port: plan.port })
        : await keepStaticToken(keeping, surroundings, {
            options,
            name,
            kind: plan.kind,
            expiresAt: plan.expiresAt,
          });
    const { identity, scopes, expiresAt } = verified;
    if (options.json === true) {
      const { kind } = verified;
      terminal.answer(JSON.stringify({ account: name, kind, user: identity ?? null, scopes, expiresAt }));
      return;
    }
    terminal.say(terminal.style("green", `Signed in as ${who(verified)}.`));
    if (scopes) terminal.say(`Scopes: ${scopes.map(oneLine).join(", ")}`);
    const option = name === usualName ? "" : ` --account ${name}`;
    terminal.say(`Next: bitbucket-auth token${option}, or for git push: bitbucket-auth setup-git${option}`);
  } finally {
    await keeping.close();
  }
}

type Plan =
  | { readonly kind: "oauth"; readonly port: number }
  | { readonly kind: "api_token" | "access_token"; readonly expiresAt: number | undefined };

/** Which sign-in the options ask for. Options that do not go together are refused, not ignored. */
export function planLogin(options: LoginOptions): Plan {
  const { apiToken = false, accessToken = false, port, expires } = options;
  if (apiToken && accessToken) throw usageError("--api-token and --access-token do not go together.");
  const kind = apiToken ? "api_token" : accessToken ? "access_token" : "oauth";
  const forKind: Readonly<Record<typeof kind, readonly (keyof LoginOptions)[]>> = {
    oauth: ["port", "newConsumer"],
    api_token: ["email", "expires"],
    access_token: ["workspace", "repository", "expires"],
  };
  for (const [owner, names] of Object.entries(forKind)) {
    const stray = names.find((name) => options[name] !== undefined && !forKind[kind].includes(name));
    if (stray !== undefined)
      throw usageError(
        `--${dashed(stray)} goes with ${owner === "oauth" ? "a sign-in by browser" : `--${dashed(owner)}`} only.`,
      );
  }
  if (kind === "oauth") return { kind, port: port === undefined ? usualPort : readPort(port) };
  return { kind, expiresAt: expires === undefined ? undefined : readDay(expires) };
}

function dashed(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replaceAll("_", "-");
}

type Verified = Extract<Verification, { ok: true }>;

async function signInWithConsumer(
  keeping: Keeping,
  surroundings: Surroundings,
  options: Omit<LoginOptions, "port"> & { readonly name: string; readonly port: number },
): Promise<Verified> {
  const { name, port } = options;
  const before = await keeping.settings.account(name).catch(() => undefined);
  const consumer = await findConsumer(keeping, surroundings, { ...options, before });
  const auth = keeping.authFor(consumer);
  await (options.browser === false
    ? signInByPaste(auth, surroundings, { name, port })
    : signInByBrowser(auth, surroundings, { name, port }));
  const replaced = await keeping.settings.setAccount(name, { kind: "oauth", consumer });
  await removeGrant(keeping, name, replaced, consumer);
  const { credential } = await openAccount(keeping, surroundings, name);
  return tellWho(await credential(), surroundings);
}

/** From the environment, else what is kept, else asked for: a secret never comes as an argument. */
async function findConsumer(
  { settings }: Keeping,
  { env, terminal, signal }: Surroundings,
  {
    before,
    newConsumer = false,
    port,
  }: {
    readonly before: KeptAccount | undefined;
    readonly newConsumer?: boolean | undefined;
    readonly port: number;
  },
): Promise<Consumer> {
  const given = readConsumer(env);
  if (given) return given;
  if (!newConsumer) {
    if (before?.kind === "oauth") return before.consumer;
    for (const other of await settings.names().catch(() => [])) {
      const kept = await settings.account(other).catch(() => undefined);
      if (kept?.kind !== "oauth") continue;
      terminal.say(`Using the consumer of the account ${other}; --new-consumer asks for another.`);
      return kept.consumer;
    }
  }
  if (terminal.isInteractive) terminal.say(howToMakeAConsumer(port));
  const clientId = await terminal.ask("Key", { signal });
  const clientSecret = await terminal.ask("Secret (not shown)", { signal, hidden: true });
  assertCredential(clientId, "The consumer's key");
  assertCredential(clientSecret, "The consumer's secret");
  return { clientId, clientSecret };
}

/** What to fill in at Bitbucket: the two fields that matter, and the box. */
function howToMakeAConsumer(port: number): string {
  return `Bitbucket wants an OAuth consumer, made once:
  1. In Bitbucket: Workspace settings > OAuth consumers (or OAuth clients) > Add
  2. Callback URL   ${callbackUrl(port)}
     Permissions    Account: Read; Repositories: Read, or Write for git push
     and tick       This is a private consumer
  3. Save, open it, and copy its key and secret to here.`;
}

function callbackUrl(port: number): string {
  return `http://localhost:${port}/callback`;
}

async function signInByBrowser(
  auth: BitbucketAuth,
  { env, terminal, signal }: Surroundings,
  { name, port }: { readonly name: string; readonly port: number },
): Promise<void> {
  const { signInOnLoopback } = await import("@bitbucket-auth/web/loopback");
  let page: OpenedPage | undefined;
  const onUrl = async (url: string): Promise<void> => {
    page = await openInBrowser(url, { platform: process.platform, env });
    terminal.say(
      page
        ? "Opening your browser. If no page appears, open this address:"
        : "Open this address in a browser on this machine:",
    );
    terminal.say(url);
    terminal.say(terminal.style("dim", "Waiting up to 5 minutes for Bitbucket; Ctrl-C gives up."));
    if (!page) {
      terminal.say(
        terminal.style("dim", "Is the browser on another machine? Then: bitbucket-auth login --no-browser"),
      );
    }
  };
  try {
    await signInOnLoopback(auth, { port, account: name, onUrl, timeoutMs: waitMs, signal });
  } finally {
    await page?.remove();
  }
}

/** For a browser on another machine: the callback does not reach this one, but the address in the browser holds code and state. */
async function signInByPaste(
  auth: BitbucketAuth,
  { terminal, signal }: Surroundings,
  { name, port }: { readonly name: string; readonly port: number },
): Promise<void> {
  const { url, transaction } = await auth.startAuthorization({ redirectUri: callbackUrl(port) });
  terminal.say("1. Open this address in any browser, and grant access:");
  terminal.say(url);
  terminal.say(
    `2. The browser then goes to ${callbackUrl(port)} and may say that it cannot reach it. Copy that whole address from its address bar.`,
  );
  const timeout = AbortSignal.timeout(waitMs);
  const until = signal ? AbortSignal.any([signal, timeout]) : timeout;
  const callback = await terminal
    .ask("3. Paste the address here", { signal: until })
    .catch((error: unknown) => {
      if (timeout.aborted)
        throw new AuthorizationCallbackError("Nothing was pasted within 5 minutes. Start again.");
      throw error;
    });
  if (!callback.includes("?")) {
    throw usageError(
      `This is not the address: it begins with ${callbackUrl(port)}? and holds code and state.`,
    );
  }
  await auth.finishAuthorization({ callback, transaction, account: name });
}

async function keepStaticToken(
  keeping: Keeping,
  surroundings: Surroundings,
  given: {
    readonly options: LoginOptions;
    readonly name: string;
    readonly kind: "api_token" | "access_token";
    readonly expiresAt: number | undefined;
  },
): Promise<Verified> {
  const { terminal, signal } = surroundings;
  const { name, kind, expiresAt, options } = given;
  if (terminal.isInteractive) terminal.say(howToMakeAToken(kind));
  const email =
    kind === "api_token"
      ? (options.email ?? (await terminal.ask("Email of the Atlassian account", { signal })))
      : "";
  const token = await terminal.ask("Token (not shown)", { signal, hidden: true });
  assertCredential(token, "The token");
  const { workspace, repository } = options;
  const account: Exclude<KeptAccount, { kind: "oauth" }> =
    kind === "api_token"
      ? { kind, email, token, expiresAt }
      : { kind, token, workspace, repository, expiresAt };
  const credential = await staticCredential(account, keeping, surroundings);
  const verified = await credential.verify({ signal });
  if (!verified.ok && verified.problem !== "scope_missing") {
    throw new CommandError(`${verified.message} Nothing was kept.`, {
      exitCode: exitCodeFor(verified.action),
      code: verified.problem,
    });
  }
  const replaced = await keeping.settings.setAccount(name, account);
  await keeping.settings.accept(token);
  await removeGrant(keeping, name, replaced);
  if (verified.ok) return verified;
  terminal.say(terminal.style("yellow", oneLine(verified.message)));
  return { ok: true, kind, scopes: verified.scopes, expiresAt };
}

function howToMakeAToken(kind: "api_token" | "access_token"): string {
  return kind === "api_token"
    ? "An API token is made at https://id.atlassian.com/manage-profile/security/api-tokens (Create API token with scopes, Bitbucket).\n" +
        "Scopes: read:user:bitbucket; read:repository:bitbucket, and write:repository:bitbucket for git push."
    : "An access token is made in the settings of a repository, project or workspace, under Access tokens.\n" +
        "Scopes: repository, and repository:write for git push.";
}

/** Who it is, as far as Bitbucket says. The sign-in stands whatever the answer. */
async function tellWho(credential: Credential, { terminal, signal }: Surroundings): Promise<Verified> {
  const unknown: Verified = { ok: true, kind: credential.kind };
  try {
    const verified = await credential.verify({ signal });
    if (verified.ok) return verified;
    terminal.say(terminal.style("yellow", oneLine(verified.message)));
    return { ...unknown, scopes: verified.scopes };
  } catch (error) {
    if (!isBitbucketAuthError(error)) throw error;
    terminal.say(
      terminal.style("yellow", `Signed in, but asking Bitbucket who it is failed: ${oneLine(error.message)}`),
    );
    return unknown;
  }
}

function who({ kind, identity }: Verified): string {
  const name = identity?.displayName ?? identity?.place ?? identity?.uuid;
  return name === undefined ? `an ${kind.replace("_", " ")} that does not name its owner` : oneLine(name);
}
