import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import {
  AuthorizationCallbackError,
  type BitbucketAuth,
  InvalidOptionsError,
  isBitbucketAuthError,
  type TokenSet,
} from "@bitbucket-auth/core";
import { assertSignal } from "@bitbucket-auth/core/internal";
import type { WebAnswer } from "./exchange.js";
import { sendAnswer } from "./node-exchange.js";
import { readUrl } from "./options.js";
import { noticePage } from "./pages.js";
import { describeProblem } from "./problem.js";

/** What `signInOnLoopback()` takes. */
export interface LoopbackOptions {
  /** The port of the consumer's callback URL. 0 takes any, where the consumer's registration allows that. @default 8976 */
  readonly port?: number | undefined;
  /** The path of the consumer's callback URL. @default "/callback" */
  readonly path?: string | undefined;
  /** The host of the consumer's callback URL: for `localhost`, `::1` is listened on too where there is one. @default "localhost" */
  readonly host?: "localhost" | "127.0.0.1" | undefined;
  /** Under which key the grant is kept. @default the user's `uuid` */
  readonly account?: string | undefined;
  /** Called with the address to open in a browser, once the callback is listened for. @default prints it to standard error */
  readonly onUrl?: ((url: string) => unknown) | undefined;
  /** How long to wait for the browser, in milliseconds. @default 300_000 */
  readonly timeoutMs?: number | undefined;
  /** Gives up waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** Who has signed in. */
export interface LoopbackSignIn {
  readonly account: string;
  readonly tokens: TokenSet;
}

const names = ["port", "path", "host", "account", "onUrl", "timeoutMs", "signal"];

/**
 * Signs in from a terminal: listens on loopback for the callback, finishes the sign-in and shows a page that says so (RFC 8252
 * section 7.3). State and PKCE are core's. The first callback with the right state counts; every other is answered with 400.
 *
 * The consumer's callback URL has to be `http://localhost:8976/callback`, or what `host`, `port` and `path` make. Rejects with
 * `AuthorizationCallbackError` when no callback arrives in time, with `AuthorizationDeniedError` when the user denies consent, with
 * `InvalidOptionsError` for a port that is taken, with the signal's reason, and as `finishAuthorization()` does. Nothing
 * listens any more once it has settled.
 */
export async function signInOnLoopback(
  auth: BitbucketAuth,
  options: LoopbackOptions = {},
): Promise<LoopbackSignIn> {
  const { port, path, host, account, onUrl, timeoutMs, signal } = readOptions(auth, options);
  if (signal?.aborted) throw signal.reason;
  const waiting = createOutcome<LoopbackSignIn>();
  // Note: it may be over before it is waited for.
  waiting.promise.catch(() => undefined);
  let redirectUri = "";
  let expected: Awaited<ReturnType<BitbucketAuth["startAuthorization"]>>["transaction"] | undefined;

  const respond = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const url = readUrl(req.url ?? "/", redirectUri);
    const isOurs = url?.pathname === path && isLoopbackHost(req.headers.host);
    if (!isOurs || !url) return sendAnswer(await notice(404, "Not found", "There is nothing here."), res);
    if (req.method !== "GET") {
      const refused = await notice(
        405,
        "Not allowed",
        "This address is only for the callback from Bitbucket.",
      );
      refused.headers.set("allow", "GET");
      return sendAnswer(refused, res);
    }
    const transaction = expected;
    // Any page can call this address with any parameters: only the state that was sent out ends the wait.
    if (!transaction || url.searchParams.getAll("state").join() !== transaction.state) {
      const text = "This is not the sign-in that was started in the terminal, or that one is over.";
      return sendAnswer(await notice(400, "This sign-in cannot be finished", text), res);
    }
    expected = undefined;
    // It has arrived in time. What follows has limits of its own, and the grant is kept at its end.
    clearTimeout(timer);
    const answer = { callback: url.searchParams, transaction, ...(account !== undefined && { account }) };
    try {
      const signedIn = await auth.finishAuthorization(answer);
      await sendAnswer(
        await notice(200, "You are signed in", "Close this page and go back to the terminal."),
        res,
      );
      waiting.resolve(signedIn);
    } catch (error) {
      const { status, title, text } = isBitbucketAuthError(error)
        ? describeProblem(error)
        : { status: 500, title: "The sign-in failed", text: "The terminal says why." };
      await sendAnswer(await notice(status, title, `${text} Go back to the terminal.`), res);
      waiting.reject(error);
    }
  };
  const servers = await listen(port, host, (req, res) => {
    respond(req, res).catch((error: unknown) => waiting.reject(error));
  });
  const timer = setTimeout(
    () =>
      waiting.reject(
        new AuthorizationCallbackError("No callback arrived from Bitbucket in time. Start again."),
      ),
    timeoutMs,
  );
  const abort = (): void => waiting.reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    redirectUri = `http://${host}:${portOf(servers)}${path}`;
    const { url, transaction } = await auth.startAuthorization({ redirectUri });
    expected = transaction;
    await onUrl(url);
    return await waiting.promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    for (const server of servers) {
      server.close();
      // What has been answered is on its way; connections that only wait are not.
      server.closeIdleConnections();
      server.unref();
    }
  }
}

/** A promise that is settled from elsewhere. */
function createOutcome<Value>(): {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(reason: unknown): void;
} {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<Value>((fulfil, fail) => {
    resolve = fulfil;
    reject = fail;
  });
  return { promise, resolve, reject };
}

interface Resolved {
  readonly onUrl: (url: string) => unknown;
  readonly port: number;
  readonly path: string;
  readonly host: "localhost" | "127.0.0.1";
  readonly timeoutMs: number;
  readonly account: string | undefined;
  readonly signal: AbortSignal | undefined;
}

function readOptions(auth: BitbucketAuth, options: LoopbackOptions): Resolved {
  const refuse = (what: string): never => {
    throw new InvalidOptionsError(`signInOnLoopback() ${what}.`);
  };
  if (typeof auth?.startAuthorization !== "function")
    refuse("wants the result of createBitbucketAuth() as its first argument");
  const given: Partial<LoopbackOptions> = { ...options };
  for (const name of Object.keys(given))
    if (!names.includes(name)) refuse(`has no option \`${name}\`. It has: ${names.join(", ")}`);
  const { port = 8976, path = "/callback", host = "localhost", timeoutMs = 300_000 } = given;
  const { onUrl = printUrl, account, signal } = given;
  assertSignal(signal);
  if (typeof onUrl !== "function") return refuse("wants a function as `onUrl`, to show or open the address");
  if (!Number.isInteger(port) || port < 0 || port > 65_535) refuse("wants a `port` from 0 to 65535");
  if (!/^(?:\/[\w.~-]+)+$/.test(path)) refuse("wants a `path` such as /callback");
  if (host !== "localhost" && host !== "127.0.0.1") refuse('wants "localhost" or "127.0.0.1" as `host`');
  if (typeof timeoutMs !== "number" || !(timeoutMs > 0 && timeoutMs <= 600_000))
    refuse("wants a `timeoutMs` of up to 600000: attempts end after ten minutes");
  if (account === "") refuse("wants an `account` that is not empty");
  return { port, path, host, timeoutMs, onUrl, account, signal };
}

function printUrl(url: string): void {
  process.stderr.write(`Open this address in a browser to sign in with Bitbucket:\n${url}\n`);
}

/** Listens on 127.0.0.1, and for `localhost` on ::1 at the same port too, because a browser may take either. */
async function listen(
  port: number,
  host: Resolved["host"],
  respond: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<Server[]> {
  const first = await listenAt("127.0.0.1", port, respond).catch((cause: unknown) => {
    throw portRefused(port, cause);
  });
  if (host === "127.0.0.1") return [first];
  try {
    return [first, await listenAt("::1", portOf([first]), respond)];
  } catch (cause) {
    if (noSuchAddress.has(codeOf(cause))) return [first];
    // Another program has it there, and a browser that takes ::1 would bring the callback to that one.
    await new Promise((resolve) => void first.close(resolve));
    if (port === 0) return listen(port, host, respond);
    throw portRefused(port, cause);
  }
}

/** What listening on ::1 fails with where the machine has no IPv6. */
const noSuchAddress: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT"]);

function portRefused(port: number, cause: unknown): InvalidOptionsError {
  const message = `Port ${port} of this machine cannot be listened on (${codeOf(cause)}). End what uses it, or name another \`port\` and register it.`;
  return new InvalidOptionsError(message, { cause });
}

function codeOf(cause: unknown): string {
  return typeof cause === "object" && cause !== null ? String(Reflect.get(cause, "code")) : "unknown";
}

function listenAt(
  address: string,
  port: number,
  respond: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<Server> {
  return new Promise((resolveServer, reject) => {
    const server = createServer(respond);
    server.once("error", reject);
    server.listen(port, address, () => resolveServer(server));
  });
}

function portOf([server]: readonly Server[]): number {
  const address: AddressInfo | string | null | undefined = server?.address();
  return typeof address === "object" && address ? address.port : 0;
}

/** Refuses other names that have been made to resolve to this machine (DNS rebinding). */
function isLoopbackHost(host: string | undefined): boolean {
  return /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i.test(host ?? "");
}

async function notice(status: number, title: string, text: string): Promise<WebAnswer> {
  const answer = await noticePage({ status, title, text });
  answer.headers.set("connection", "close");
  return answer;
}
