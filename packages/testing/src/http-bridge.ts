import type { IncomingMessage, ServerResponse } from "node:http";

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
  // Note: waiting until each piece is out lets the client see what came before a break.
  for await (const chunk of response.body ?? [])
    await new Promise((written) => outgoing.write(chunk, written));
  outgoing.end();
}

async function readBody(incoming: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}
