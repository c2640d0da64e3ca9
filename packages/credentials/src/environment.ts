import { createBitbucketAuth, InvalidOptionsError } from "@bitbucket-auth/core";
import { assertCredential, assertObject, assertOptions } from "@bitbucket-auth/core/internal";
import type { Credential, StaticCredentialOptions } from "./credential.js";
import { consumerCredential } from "./oauth-credentials.js";
import { accessToken, apiToken } from "./static-credentials.js";

/** What `credentialFromEnvironment` takes. Everything has a default. */
export interface CredentialEnvironment extends Pick<
  StaticCredentialOptions,
  "endpoints" | "fetch" | "clock" | "warnAheadMs" | "onWarning"
> {
  /** The variables to read. @default `process.env` where the runtime has one */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Which variables make which kind. Each kind is there when one of its variables is, and complete when all are. */
const kinds = [
  { kind: "api_token", name: "API token", variables: ["BITBUCKET_API_TOKEN", "BITBUCKET_EMAIL"] },
  { kind: "access_token", name: "access token", variables: ["BITBUCKET_ACCESS_TOKEN"] },
  { kind: "consumer", name: "consumer", variables: ["BITBUCKET_CLIENT_ID", "BITBUCKET_CLIENT_SECRET"] },
] as const;

/**
 * The credential that the environment describes.
 *
 * | Variables | Kind |
 * | --- | --- |
 * | `BITBUCKET_API_TOKEN` and `BITBUCKET_EMAIL` | API token |
 * | `BITBUCKET_ACCESS_TOKEN` | access token |
 * | `BITBUCKET_CLIENT_ID` and `BITBUCKET_CLIENT_SECRET` | the consumer itself |
 *
 * `BITBUCKET_WORKSPACE` and `BITBUCKET_REPO_SLUG`, which Bitbucket Pipelines sets, say where `verify()` asks about an access
 * token. `BITBUCKET_TOKEN_EXPIRES_AT`, a day such as `2027-03-01`, is the `expiresAt` of the first two kinds. An empty variable
 * counts as absent.
 *
 * Throws `InvalidOptionsError`, which names the variables, when there is no credential, half of one, or more than one: which
 * one was meant is not guessed.
 */
export function credentialFromEnvironment(options: CredentialEnvironment = {}): Credential {
  assertOptions(options, "credentialFromEnvironment()", [
    "env",
    "endpoints",
    "fetch",
    "clock",
    "warnAheadMs",
    "onWarning",
  ]);
  const { env = processEnvironment(), ...shared } = options;
  assertObject(env, "env");
  const read = (name: string): string | undefined => {
    const value = env[name] || undefined;
    if (value !== undefined) assertCredential(value, name);
    return value;
  };
  const given = (name: string): string => read(name) ?? "";
  switch (kindIn(env)) {
    case "api_token":
      return apiToken({
        ...shared,
        expiresAt: readDay(read("BITBUCKET_TOKEN_EXPIRES_AT")),
        email: given("BITBUCKET_EMAIL"),
        token: given("BITBUCKET_API_TOKEN"),
      });
    case "access_token": {
      const workspace = read("BITBUCKET_WORKSPACE");
      const repository = read("BITBUCKET_REPO_SLUG");
      if (repository !== undefined && workspace === undefined) {
        throw new InvalidOptionsError("BITBUCKET_REPO_SLUG needs BITBUCKET_WORKSPACE beside it.");
      }
      return accessToken({
        ...shared,
        expiresAt: readDay(read("BITBUCKET_TOKEN_EXPIRES_AT")),
        token: given("BITBUCKET_ACCESS_TOKEN"),
        workspace,
        repository,
      });
    }
    case "consumer": {
      const { endpoints = {}, fetch, clock } = shared;
      const { apiUrl, authorizationUrl, tokenUrl } = endpoints;
      return consumerCredential({
        auth: createBitbucketAuth({
          clientId: given("BITBUCKET_CLIENT_ID"),
          clientSecret: given("BITBUCKET_CLIENT_SECRET"),
          endpoints: {
            ...(apiUrl !== undefined && { apiUrl }),
            ...(authorizationUrl !== undefined && { authorizationUrl }),
            ...(tokenUrl !== undefined && { tokenUrl }),
          },
          fetch,
          clock,
        }),
      });
    }
  }
}

/** The one kind whose variables are all there. Else throws `InvalidOptionsError`. */
function kindIn(env: Readonly<Record<string, string | undefined>>): (typeof kinds)[number]["kind"] {
  const found = kinds.flatMap(({ kind, name, variables }) => {
    const present = variables.filter((variable) => Boolean(env[variable]));
    const missing = variables.filter((variable) => !env[variable]);
    return present.length > 0 ? [{ kind, name, present, missing }] : [];
  });
  const [only, other] = found;
  if (!only) {
    const ways = kinds.map(({ variables }) => variables.join(" and "));
    const ended = env["BITBUCKET_APP_PASSWORD"]
      ? "BITBUCKET_APP_PASSWORD is of no use: app passwords ended on 2026-07-28. "
      : "";
    throw new InvalidOptionsError(
      `The environment has no Bitbucket credential. ${ended}Set ${ways.join(", or ")}.`,
    );
  }
  if (other) {
    const names = found.flatMap(({ present }) => present);
    throw new InvalidOptionsError(
      `The environment has more than one Bitbucket credential (${names.join(", ")}). Keep the variables of one.`,
    );
  }
  if (only.missing.length > 0) {
    throw new InvalidOptionsError(
      `The environment has half of a Bitbucket ${only.name}: ${only.missing.join(" and ")} is missing beside ${only.present.join(", ")}.`,
    );
  }
  return only.kind;
}

function readDay(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  const day = text.slice(0, 10);
  // Note: a day that a month does not have would be one of the next month.
  if (!Number.isNaN(time) && new Date(day).toISOString().startsWith(day)) return time;
  throw new InvalidOptionsError("BITBUCKET_TOKEN_EXPIRES_AT must be a day such as 2027-03-01.");
}

/** The variables where the runtime has them (Node, Bun, Deno); none elsewhere. */
function processEnvironment(): Readonly<Record<string, string | undefined>> {
  const found: unknown = Reflect.get(globalThis, "process");
  const env: unknown = typeof found === "object" && found !== null ? Reflect.get(found, "env") : undefined;
  if (typeof env !== "object" || env === null) return {};
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
