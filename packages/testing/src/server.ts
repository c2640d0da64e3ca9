import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createBitbucketMock, type BitbucketMock } from "./bitbucket-mock.js";
import { controlPath, createControlApi } from "./control-api.js";
import { sendResponse, toRequest } from "./http-bridge.js";
import type { MockUrls } from "./served-origins.js";

export {
  connectBitbucketMock,
  type RemoteAuthorizeOptions,
  type RemoteBitbucketMock,
  type RemoteFault,
  type RemoteGate,
} from "./remote-mock.js";
export type { RemoteGrantControl, RemoteGrantState } from "./remote-grant-control.js";
export type { RemoteRequests } from "./remote-requests.js";
export type { WireMatcher } from "./wire-faults.js";

/** Where the fake listens, and who consents without being asked. */
export interface ServerOptions {
  /** 0 for any free port. */
  readonly port?: number;
  /** Loopback unless you say otherwise: the fake hands its tokens to whoever asks. */
  readonly host?: string;
  /** Who grants at once instead of seeing the consent page; `true` for the first user. */
  readonly autoApprove?: string | boolean;
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
  { port = 0, host = "127.0.0.1", autoApprove }: ServerOptions = {},
): Promise<BitbucketMockServer> {
  if (!("serveAt" in mock))
    throw new TypeError("The first argument is a fake, or undefined for a new one; options come second.");
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
  const { urls } = mock;
  return {
    url: origin,
    urls,
    mock,
    close() {
      stopServing();
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
