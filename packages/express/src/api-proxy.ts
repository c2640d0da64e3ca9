import { pipeline } from "node:stream/promises";
import { type BitbucketAuth, isBitbucketAuthError, SignedOutError } from "@bitbucket-auth/core";
import type { Request, Response } from "express";
import { sendProblem } from "./error-response.js";
import { readApiPath } from "./proxy-path.js";
import { readProxyBody } from "./proxy-body.js";
import { copyAnswerHeaders, forwardedHeaders } from "./proxy-headers.js";
import { CrossSiteRequestError, ProxyRefusedError } from "./refused-errors.js";
import type { RequestState } from "./request-state.js";
import { judgeOrigin } from "./same-origin.js";
import { isWantedAsCode } from "./wanted-as-code.js";

type Forward = (req: Request, res: Response, state: Pick<RequestState, "session" | "error">) => Promise<void>;

const readingMethods: ReadonlySet<string> = new Set(["GET", "HEAD"]);
const writingMethods: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/**
 * Forwards `<prefix>/2.0/…` to Bitbucket's API as the signed-in person, so that a single-page app needs no token.
 *
 * For pages of this origin alone: a write has to prove that it comes from one, a read must not come from elsewhere. Neither
 * cookies nor an `Authorization` header pass, in any direction; bodies are streamed. Every refusal is JSON with a `code`.
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
  return async (req, res, { session, error: whyUnknown }) => {
    // Gone while we asked who it is: nothing will tell us any more.
    if (res.closed) return;
    const gone = new AbortController();
    res.once("close", () => gone.abort());
    try {
      assertOwnPage(req, baseUrl);
      const path = readApiPath(req.url, prefix);
      if (whyUnknown) throw whyUnknown;
      if (!session) throw new SignedOutError("Nobody is signed in.");
      const sent = await readProxyBody(req);
      const init = {
        method: req.method,
        headers: forwardedHeaders(req),
        signal: gone.signal,
        duplex: "half",
        ...(sent.body && { body: sent.body }),
      };
      const fetchAsUser = auth.fetchFor(session.account);
      const answer = await fetchAsUser(path, init).catch((error: unknown) =>
        Promise.reject(sent.failure() ?? error),
      );
      copyAnswerHeaders(answer, res);
      if (answer.body) await pipeline(answer.body, res);
      else res.end();
    } catch (error) {
      if (gone.signal.aborted && !res.writableFinished) return;
      if (!isBitbucketAuthError(error) || res.headersSent) throw error;
      sendProblem(req, res, error);
    }
  };
}

function assertOwnPage(req: Request, baseUrl: URL | undefined): void {
  const isRead = readingMethods.has(req.method);
  if (!isRead && !writingMethods.has(req.method))
    throw new ProxyRefusedError("This method is not forwarded.", { status: 405 });
  const origin = judgeOrigin(req, baseUrl);
  if (origin === "foreign" || (origin === "unsaid" && !isRead))
    throw new CrossSiteRequestError("The proxy is for pages of this app.");
  // Files in repositories are anybody's, and `script-src 'self'` would let them run.
  if (isWantedAsCode(req)) throw new ProxyRefusedError("What the proxy returns is no code.", { status: 400 });
}
