import { randomBytes } from "node:crypto";

/** What the environment says. */
export interface Settings {
  /** Of the app with the backend. 0 takes any free one. */
  readonly port: number;
  /** Of the page without a server of its own. */
  readonly staticPort: number;
  /** The consumer's; without them the backend talks to a fake Bitbucket. */
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly cookieSecret: string;
}

/** Reads the environment. Throws, naming the variable, for a value that cannot be used. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  return {
    port: readPort(env, "PORT", 3000),
    staticPort: readPort(env, "STATIC_PORT", 3001),
    ...readConsumer(env),
    // Without one, a restart of the app ends every session.
    cookieSecret: env["COOKIE_SECRET"] || randomBytes(32).toString("base64"),
  };
}

function readPort(env: NodeJS.ProcessEnv, name: string, usual: number): number {
  const port = Number(env[name] || usual);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`${name} takes a number below 65536.`);
  return port;
}

/** Both, or neither. Half a consumer is a slip, and a fake in its place would hide it. */
function readConsumer(env: NodeJS.ProcessEnv): Pick<Settings, "clientId" | "clientSecret"> {
  const clientId = env["BITBUCKET_CLIENT_ID"] || undefined;
  const clientSecret = env["BITBUCKET_CLIENT_SECRET"] || undefined;
  if ((clientId === undefined) === (clientSecret === undefined)) return { clientId, clientSecret };
  const missing = clientId === undefined ? "BITBUCKET_CLIENT_ID" : "BITBUCKET_CLIENT_SECRET";
  throw new Error(`${missing} is not set, and the other one is. Set both, or neither for a fake Bitbucket.`);
}
