import { bitbucketCloud, type Endpoints } from "@bitbucket-auth/core";
import { assertCredential, isSafeAddress, parseJson, readUrl } from "@bitbucket-auth/core/internal";
import type { FileStorageOptions } from "@bitbucket-auth/storage-file";
import { setupError, usageError } from "./failure.js";

/** Environment variables, as the process has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The key and the secret of an OAuth consumer. */
export interface Consumer {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Under this name a program of your own opens what the command line keeps: `createFileStorage({ appName })`. */
const appName = "bitbucket-auth-cli";

/**
 * What `BITBUCKET_AUTH_ENDPOINTS` says, Bitbucket Cloud without it. For tests, and for a proxy in front of Bitbucket: a JSON object with
 * `authorizationUrl`, `tokenUrl` and `apiUrl`, each `https:`, or `http:` to a loopback host.
 */
export function readEndpoints(env: Variables): Endpoints {
  const text = env["BITBUCKET_AUTH_ENDPOINTS"];
  if (!text) return bitbucketCloud;
  const given: unknown = parseJson(text);
  if (typeof given !== "object" || given === null) {
    throw setupError(
      "BITBUCKET_AUTH_ENDPOINTS is not a JSON object with authorizationUrl, tokenUrl and apiUrl.",
    );
  }
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(bitbucketCloud, name));
  if (unknown !== undefined) {
    throw setupError(
      "BITBUCKET_AUTH_ENDPOINTS takes authorizationUrl, tokenUrl and apiUrl, and nothing else.",
    );
  }
  const read = (name: keyof Endpoints): string => {
    const address: unknown = Reflect.get(given, name) ?? bitbucketCloud[name];
    const url = typeof address === "string" ? readUrl(address) : undefined;
    if (url && isSafeAddress(url)) return url.href;
    throw setupError(`${name} in BITBUCKET_AUTH_ENDPOINTS must be https:, or http: to a loopback host.`);
  };
  return {
    authorizationUrl: read("authorizationUrl"),
    tokenUrl: read("tokenUrl"),
    apiUrl: new URL(read("apiUrl")).origin,
  };
}

/** The one origin that Git gets credentials for: that of the consent page, `https://bitbucket.org`. */
export function gitOriginOf({ authorizationUrl }: Endpoints): string {
  return new URL(authorizationUrl).origin;
}

/** Where records and their key lie: below the user's own directories, or where two variables say. */
export function readStorageOptions(
  env: Variables,
): Pick<FileStorageOptions, "appName" | "directory" | "keyDirectory" | "keyring"> {
  return {
    appName,
    directory: env["BITBUCKET_AUTH_DIRECTORY"] || undefined,
    keyDirectory: env["BITBUCKET_AUTH_KEY_DIRECTORY"] || undefined,
    keyring: env["BITBUCKET_AUTH_KEYRING"] === "1",
  };
}

/** The consumer that the environment names. Half of one is refused by name. */
export function readConsumer(env: Variables): Consumer | undefined {
  const clientId = env["BITBUCKET_CLIENT_ID"] || undefined;
  const clientSecret = env["BITBUCKET_CLIENT_SECRET"] || undefined;
  if (clientId === undefined && clientSecret === undefined) return undefined;
  if (clientId === undefined || clientSecret === undefined) {
    const [missing, there] =
      clientId === undefined
        ? ["BITBUCKET_CLIENT_ID", "BITBUCKET_CLIENT_SECRET"]
        : ["BITBUCKET_CLIENT_SECRET", "BITBUCKET_CLIENT_ID"];
    throw setupError(`${missing} is not set, though ${there} is. Set both, or neither.`);
  }
  assertCredential(clientId, "BITBUCKET_CLIENT_ID");
  assertCredential(clientSecret, "BITBUCKET_CLIENT_SECRET");
  return { clientId, clientSecret };
}

/** The account that was asked for: by option, else by `BITBUCKET_AUTH_ACCOUNT`. */
export function readAccountName(option: string | undefined, env: Variables): string | undefined {
  const name = option ?? (env["BITBUCKET_AUTH_ACCOUNT"] || undefined);
  if (name === undefined || /^[\w.@{}-]{1,100}$/.test(name)) return name;
  throw usageError("An account name has 1 to 100 letters, digits and . _ - @ { }.");
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** A span such as `90s`, `10m` or `1h`, in milliseconds. */
export function readSpan(text: string): number {
  const [, count = "", unit = ""] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const unitMs = units[unit];
  if (unitMs !== undefined) return Number(count) * unitMs;
  throw usageError(`"${text}" is no span of time. Write 90s, 10m or 1h.`);
}

/** A day such as `2027-03-01`, as epoch milliseconds. */
export function readDay(text: string): number {
  const time = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
  // Note: a day that a month does not have would be one of the next month.
  if (Number.isFinite(time) && new Date(time).toISOString().startsWith(text.slice(0, 10))) return time;
  throw usageError(`"${text}" is no day. Write 2027-03-01.`);
}

/** A port to listen on. */
export function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw usageError(`"${text}" is no port. Write a number from 1 to 65535.`);
}
