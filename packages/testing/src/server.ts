import { assertNames } from "./fake/names.js";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { assertFake, createBitbucketMock, type BitbucketMock } from "./fake/mock.js";
import type { MockUrls } from "./fake/operation.js";
import { controlPath, createControlApi } from "./remote/control-api.js";

export {
  connectBitbucketMock,
  type RemoteAuthorizeOptions,
  type RemoteBitbucketMock,
  type RemoteFault,
  type RemoteGate,
} from "./remote/remote-mock.js";
export type { RemoteGrantControl, RemoteGrantState } from "./remote/remote-mock.js";
export type { RemoteRequests, WireMatcher } from "./remote/wire.js";

/** Where the fake listens, and who consents without being asked. */
export interface ServerOptions {
  /** 0 for any free port. @default 0 */
  readonly port?: number | undefined;
  /** Where to listen. Loopback by default, because the fake hands its tokens to every caller. @default "127.0.0.1" */
  readonly host?: string | undefined;
  /** Who grants at once instead of seeing the consent page; `true` for the first user. */
  readonly autoApprove?: string | boolean | undefined;
  /**
   * Serves real repositories to `git` below the server's address, as `/{workspace}/{repository}.git`, from bare repositories in
   * `directory` that are made when they are first asked for. Every seeded repository can be cloned and pushed to, with the
   * user name that goes with each kind of credential. Needs `git` on the PATH.
   */
  readonly git?: { readonly directory: string } | undefined;
}

/** A fake that listens. */
export interface BitbucketMockServer {
  /** Its origin. `/_mock` below it is the control API. */
  readonly url: string;
  readonly urls: MockUrls;
  readonly mock: BitbucketMock;
  /** Stops listening and breaks every connection. Calling it again is harmless. */
  close(): Promise<void>;
}

/**
 * Serves a fake over HTTP. Without a fake it makes one.
 *
 * `mock.urls` and the `clientOptions` of grants name the server while it runs. Network faults break the connection.
 */
export async function startBitbucketMock(
  mock: BitbucketMock = createBitbucketMock(),
  options: ServerOptions = {},
): Promise<BitbucketMockServer> {
  assertFake(mock);
  assertNames(options, "startBitbucketMock()", ["port", "host", "autoApprove", "git"]);
  const { port = 0, host = "127.0.0.1", autoApprove, git } = options;
  if (autoApprove !== undefined) mock.autoApprove = autoApprove;
  const control = createControlApi(mock);
  let origin = "";
  const server = createServer((incoming, outgoing) => {
    answer(mock, control, origin, incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  origin = `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
  const stopServing = mock.serveAt(origin);
  // Loaded when asked for: a server without Git starts no process.
  const stopGit = git && mock.serveGit((await import("./git-backend.js")).createGitBackend(git.directory));
  const { urls } = mock;
  return {
    url: origin,
    urls,
    mock,
    close() {
      stopServing();
      stopGit?.();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function answer(
  mock: BitbucketMock,
  control: (request: Request) => Promise<Response>,
  origin: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const request = await toRequest(incoming, outgoing, origin);
  if (isBelow(controlPath, new URL(request.url).pathname))
    return sendResponse(await control(request), outgoing);
  const exchange = await mock.exchange(request);
  if (exchange.kind === "answered") return sendResponse(exchange.response, outgoing);
  outgoing.destroy();
}

function isBelow(path: string, pathname: string): boolean {
  return pathname === path || pathname.startsWith(`${path}/`);
}

/** The standard `Request` behind an incoming one. Its signal aborts when the client goes before the answer. */
export async function toRequest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  origin: string,
): Promise<Request> {
  const abandoned = new AbortController();
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) abandoned.abort();
  });
  const { method = "GET", url = "/" } = incoming;
  const body = await readBody(incoming);
  return new Request(new URL(url, origin), {
    method,
    headers: Object.entries(incoming.headersDistinct).flatMap(([name, values = []]) =>
      values.map((value): [string, string] => [name, value]),
    ),
    signal: abandoned.signal,
    redirect: "manual",
    ...(body.length > 0 && { body }),
  });
}

/** Writes the answer out. A body that breaks breaks the connection, after what came before it. */
export async function sendResponse(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  // Waiting until each piece is out lets the client see what came before a break.
  for await (const chunk of response.body ?? [])
    await new Promise((written) => outgoing.write(chunk, written));
  outgoing.end();
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

async function readBody(incoming: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  // By shape: in jsdom and in the realms of jest and vitest a Buffer is no Uint8Array.
  for await (const chunk of incoming) if (ArrayBuffer.isView(chunk)) chunks.push(bytesOf(chunk));
  return new Uint8Array(Buffer.concat(chunks));
}
