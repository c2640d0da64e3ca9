import { InvalidOptionsError } from "@bitbucket-auth/core";
import type { Request } from "express";
import { ProxyRefusedError } from "./refused-errors.js";

/** A body on its way to the API. */
export interface ProxyBody {
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Why the stream broke off on our side, if it did. */
  failure(): ProxyRefusedError | undefined;
}

/** Larger than any call of the API needs; files go to Bitbucket by Git. */
const mostBytes = 10 * 1024 * 1024;
/** Up to here a body is read first, so that it can be sent again when the token had to be renewed. */
const mostRepeatable = 64 * 1024;

/** Takes the body of a request: small ones whole, others as a stream that is cut off at 10 MB. */
export async function readProxyBody(req: Request): Promise<ProxyBody> {
  const { "content-length": length, "transfer-encoding": encoding } = req.headers;
  const bytes = length === undefined ? undefined : Number(length);
  const isRead = req.method === "GET" || req.method === "HEAD";
  // What a body would mean in a read nobody knows (RFC 9110 section 9.3.1), and `fetch` sends none.
  if (isRead || bytes === 0 || (bytes === undefined && encoding === undefined))
    return { failure: () => undefined };
  if (bytes !== undefined && bytes > mostBytes) throw tooLarge();
  if (req.readableEnded)
    throw new InvalidOptionsError(
      "The body was read before the proxy saw it: mount bitbucketAuth() before body parsers.",
    );
  const chunks = readChunks(req);
  if (bytes !== undefined && bytes <= mostRepeatable) {
    const whole: Uint8Array[] = [];
    for await (const chunk of chunks) whole.push(chunk);
    return { body: new Uint8Array(Buffer.concat(whole)), failure: () => undefined };
  }
  let failure: ProxyRefusedError | undefined;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        if (error instanceof ProxyRefusedError) failure = error;
        controller.error(error);
      }
    },
    cancel: async () => void (await chunks.return(undefined)),
  });
  return { body, failure: () => failure };
}

async function* readChunks(req: Request): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
  let read = 0;
  for await (const chunk of req) {
    const bytes = new Uint8Array(Buffer.from(chunk));
    read += bytes.length;
    if (read > mostBytes) throw tooLarge();
    yield bytes;
  }
  return undefined;
}

function tooLarge(): ProxyRefusedError {
  return new ProxyRefusedError("Bodies up to 10 MB are forwarded.", { status: 413 });
}
