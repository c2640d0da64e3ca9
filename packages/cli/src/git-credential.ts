import { loginCommand, openAccount, openKeeping, type Surroundings } from "./accounts.js";
import { gitOriginOf, readAccountName, readEndpoints } from "./environment.js";
import { describeFailure } from "./failure.js";

/** What Git asked about, as far as it matters here: see `git help credential`. */
export interface CredentialRequest {
  readonly protocol: string;
  readonly host: string;
  /** With `erase` and `store` only. */
  readonly password: string | undefined;
}

/** Git sends a few short lines; tokens have a few thousand characters. */
const longestRequest = 64 * 1024;

/**
 * Git's credential helper. `get` answers for Bitbucket over https only; `erase` remembers that Bitbucket refused a token; `store`
 * does nothing, because what is kept here is at least as new as what Git has. Resolves with the exit code.
 *
 * @see https://git-scm.com/docs/gitcredentials#_custom_helpers
 */
export async function answerGit(
  surroundings: Surroundings,
  operation: string,
  options: { readonly account?: string | undefined },
): Promise<number> {
  const { terminal, env } = surroundings;
  const request = readCredentialRequest(await terminal.readAll(longestRequest));
  // Operations of later versions of Git are to be ignored.
  if (operation !== "get" && operation !== "erase") return 0;
  if (!request || !isFor(gitOriginOf(readEndpoints(env)), request)) return 0;
  if (operation === "erase") {
    if (request.password !== undefined) await remember(surroundings, request.password, options);
    return 0;
  }
  try {
    const keeping = openKeeping(surroundings, options);
    try {
      const account = await openAccount(keeping, surroundings, options.account);
      const { token, gitUsername, expiresAt } = await account.token();
      terminal.answer(credentialAnswer(gitUsername, token, expiresAt));
    } finally {
      await keeping.close();
    }
    return 0;
  } catch (error) {
    // Without this Git would ask the user for a password, which Bitbucket no longer accepts.
    terminal.answer("quit=1");
    const name = readAccountName(options.account, env);
    const { message, exitCode } = describeFailure(error, loginCommand(name));
    terminal.say(`bitbucket-auth: ${message}`);
    return exitCode;
  }
}

async function remember(
  surroundings: Surroundings,
  password: string,
  options: { readonly account?: string | undefined },
): Promise<void> {
  const keeping = openKeeping(surroundings, options);
  try {
    await keeping.settings.refuse(password);
  } finally {
    await keeping.close();
  }
}

/**
 * Reads a request of Git; `undefined` for text that Git would not send. Other attributes are ignored, the user name among them:
 * the one in Bitbucket's clone addresses belongs to no token.
 */
export function readCredentialRequest(text: string): CredentialRequest | undefined {
  // Git ends lines with LF alone. Another control character is an address made to pass for two lines.
  if (/[\0\r]/.test(text)) return undefined;
  const found = new Map<string, string>();
  for (const line of text.split("\n")) {
    if (line === "") break;
    const end = line.indexOf("=");
    if (end < 1) return undefined;
    const name = line.slice(0, end);
    if (!["protocol", "host", "password", "url"].includes(name)) continue;
    // A second host would be one that a helper and Git may take differently.
    if (found.has(name)) return undefined;
    found.set(name, line.slice(end + 1));
  }
  const protocol = found.get("protocol");
  const host = found.get("host");
  // Git takes an address apart before it asks a helper.
  if (protocol === undefined || host === undefined || found.has("url")) return undefined;
  return { protocol, host, password: found.get("password") };
}

/** Exactly this host, with its port if it has one. */
function isFor(origin: string, { protocol, host }: CredentialRequest): boolean {
  const { protocol: scheme, host: ours } = new URL(origin);
  return `${protocol}:` === scheme && host.toLowerCase() === ours;
}

function credentialAnswer(username: string, password: string, expiresAt: number | undefined): string {
  const lines = [`username=${username}`, `password=${password}`];
  // Seconds, rounded down: until then it certainly works.
  if (expiresAt !== undefined) lines.push(`password_expiry_utc=${Math.floor(expiresAt / 1_000)}`);
  if (lines.some((line) => /[\0\r\n]/.test(line))) throw new Error("A credential of more than one line");
  return lines.join("\n");
}
