import { randomBytes } from "node:crypto";

/** What the environment says. */
export interface Settings {
  readonly port: number;
  /** The consumer's; without them there is a fake Bitbucket. */
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly redisUrl: string | undefined;
  /** `postgres://…` or `mysql://…`. */
  readonly databaseUrl: string | undefined;
  /** 32 bytes, shared by every process on one Redis or database. */
  readonly tokenKey: Uint8Array | undefined;
  readonly cookieSecret: string;
  /** The address in the browser, when it is not `http://localhost:<port>`. */
  readonly baseUrl: string | undefined;
}

/** Reads the environment. Throws, naming the variable, for a value that cannot be used. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const port = Number(env["PORT"] ?? 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error("PORT takes a number below 65536.");
  const key = env["TOKEN_KEY"];
  const tokenKey = key === undefined ? undefined : new Uint8Array(Buffer.from(key, "base64"));
  if (tokenKey && tokenKey.length !== 32)
    throw new Error("TOKEN_KEY takes 32 bytes in base64. Make one: openssl rand -base64 32");
  return {
    port,
    ...readConsumer(env),
    redisUrl: env["REDIS_URL"] || undefined,
    databaseUrl: env["DATABASE_URL"] || undefined,
    tokenKey,
    // Without one, a restart of the app ends every session.
    cookieSecret: env["COOKIE_SECRET"] || randomBytes(32).toString("base64"),
    baseUrl: env["BASE_URL"] || undefined,
  };
}

/** Both, or neither. Half a consumer is a slip, and a fake in its place would hide it. */
function readConsumer(env: NodeJS.ProcessEnv): Pick<Settings, "clientId" | "clientSecret"> {
  const clientId = env["BITBUCKET_CLIENT_ID"] || undefined;
  const clientSecret = env["BITBUCKET_CLIENT_SECRET"] || undefined;
  if ((clientId === undefined) === (clientSecret === undefined)) return { clientId, clientSecret };
  const missing = clientId === undefined ? "BITBUCKET_CLIENT_ID" : "BITBUCKET_CLIENT_SECRET";
  throw new Error(`${missing} is not set, and the other one is. Set both, or neither for a fake Bitbucket.`);
}
