import { type BitbucketAuth, InvalidOptionsError, SignedOutError } from "@bitbucket-auth/core";
import type { WebAnswer, WebRequest } from "./exchange.js";
import { CrossSiteRequestError, ProxyRefusedError } from "./problem.js";
import { copyAnswerHeaders, forwardedHeaders, readApiPath } from "./proxy-rules.js";
import { isWantedAsCode, judgeOrigin } from "./same-origin.js";

/** Who calls, or why that is not known. */
export interface ProxyCaller {
  readonly account?: string | undefined;
  readonly error?: Error | undefined;
}

/** Forwards one call. Answers `undefined` when the client no longer waits. */
export type Forward = (
  request: WebRequest,
  target: string,
  caller: ProxyCaller,
) => Promise<WebAnswer | undefined>;

const readingMethods: ReadonlySet<string> = new Set(["GET", "HEAD"]);
const writingMethods: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);
/** Larger than any call of the API needs; files go to Bitbucket by Git. */
const mostBytes = 10 * 1024 * 1024;
/** Up to here a body is read first, so that it can be sent again when the token had to be renewed. */
const mostRepeatable = 64 * 1024;

/**
 * Forwards `<prefix>/2.0/…` to Bitbucket's API as the signed-in user, so that a single-page app needs no token.
 *
 * For pages of this origin alone: a write has to prove that it comes from one, a read must not come from elsewhere. Neither
 * cookies nor an `Authorization` header pass, in any direction; bodies are streamed.
 */
export function createApiProxy({
  auth,
  baseUrl,
  prefix,
}: {
  readonly auth: BitbucketAuth;
  readonly baseUrl: URL | undefined;
  readonly prefix: string;
}): Forward {
  return async (request, target, { account, error: whyUnknown }) => {
    const signal = request.gone();
    // The client left while its session was looked up.
    if (signal.aborted) return undefined;
    assertOwnPage(request, baseUrl);
    const path = readApiPath(target, prefix);
    if (whyUnknown) throw whyUnknown;
    if (account === undefined) throw new SignedOutError("No user is signed in.");
    const sent = await readBody(request);
    const init = {
      method: request.method,
      headers: forwardedHeaders(request),
      signal,
      duplex: "half",
      ...(sent.body && { body: sent.body }),
    };
    try {
      const received = await auth.fetchFor(account)(path, init);
      const answer: WebAnswer = { status: received.status, headers: new Map(), cookies: [] };
      copyAnswerHeaders(received, answer);
      return { ...answer, body: received.body ?? undefined };
    } catch (error) {
      if (signal.aborted) return undefined;
      throw sent.failure() ?? error;
    }
  };
}

function assertOwnPage(request: WebRequest, baseUrl: URL | undefined): void {
  const isRead = readingMethods.has(request.method);
  if (!isRead && !writingMethods.has(request.method))
    throw new ProxyRefusedError("This method is not forwarded.", { status: 405 });
  const origin = judgeOrigin(request, baseUrl);
  if (origin === "foreign" || (origin === "unsaid" && !isRead))
    throw new CrossSiteRequestError("The proxy is for pages of this app.");
  // Files in repositories come from any user, and `script-src 'self'` would let them run.
  if (isWantedAsCode(request))
    throw new ProxyRefusedError("The proxy serves no scripts, workers or style sheets.", { status: 400 });
}

/** A body on its way to the API. */
interface ProxyBody {
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Why the stream broke off on our side, if it did. */
  failure(): ProxyRefusedError | undefined;
}

/** Takes the body of a request: small ones whole, others as a stream that is cut off at 10 MB. */
async function readBody(request: WebRequest): Promise<ProxyBody> {
  const length = request.header("content-length");
  const bytes = length === undefined ? undefined : Number(length);
  const isChunked = bytes === undefined && request.header("transfer-encoding") !== undefined;
  const isRead = readingMethods.has(request.method);
  // A body in a read has no defined meaning (RFC 9110 section 9.3.1), and `fetch` sends none.
  if (isRead || bytes === 0) return { failure: () => undefined };
  if (bytes !== undefined && bytes > mostBytes) throw tooLarge();
  if (request.bodyUsed && (bytes !== undefined || isChunked)) {
    throw new InvalidOptionsError(
      "The body was read before the proxy saw it: mount the sign-in before body parsers.",
    );
  }
  const source = request.body();
  if (!source) return { failure: () => undefined };
  const chunks = limited(source);
  if (bytes !== undefined && bytes <= mostRepeatable)
    return { body: await readWhole(chunks), failure: () => undefined };
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

async function readWhole(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    length += chunk.length;
  }
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

async function* limited(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
  let read = 0;
  for await (const chunk of source) {
    read += chunk.length;
    if (read > mostBytes) throw tooLarge();
    // A copy: what a socket hands out may be overwritten once the next chunk is asked for.
    yield new Uint8Array(chunk);
  }
  return undefined;
}

function tooLarge(): ProxyRefusedError {
  return new ProxyRefusedError("Bodies up to 10 MB are forwarded.", { status: 413 });
}
