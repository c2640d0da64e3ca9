import { createServer } from "node:http";

/** A request as its bytes came. */
export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A server that writes everything down and answers what it is told. */
export interface WireServer extends AsyncDisposable {
  readonly port: number;
  readonly requests: WireRequest[];
  /** For the requests from now on. */
  answer: { readonly status: number; readonly type?: string; readonly body: string };
}

export async function startWireServer(): Promise<WireServer> {
  const requests: WireRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      requests.push({ method, url, headers, body: Buffer.concat(chunks).toString("utf8") });
      const { status, type = "application/json", body } = wire.answer;
      response.writeHead(status, { "content-type": type }).end(body);
    });
  });
  // Bytes past the announced length look like a broken second request; the first one is answered all the same.
  server.on("clientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const wire: WireServer = {
    port: typeof address === "object" && address !== null ? address.port : 0,
    requests,
    answer: { status: 200, body: "{}" },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return wire;
}
