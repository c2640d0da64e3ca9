import { InvalidOptionsError, isBitbucketAuthError } from "@bitbucket-auth/core";
import type { BitbucketSession } from "./bitbucket-session.js";
import { fromHeaders, fromRequest, toResponse, type WebAnswer, type WebRequest } from "./exchange.js";
import { createSignInFlow, type SignInFlow } from "./flow.js";
import {
  type BitbucketWebOptions,
  type GuardOptions,
  guardOptions,
  member,
  readUrl,
  type SignInRequest,
  textMember,
  withoutSlash,
} from "./options.js";
import { isSolvedBySignIn } from "./problem.js";

/** Sign-in with Bitbucket for everything that has the platform's `Request` and `Response`. */
export interface BitbucketWeb<Api = unknown> {
  /**
   * The answer of login, callback, logout or the proxy; `undefined` for any other request. Errors of these packages become a page
   * or JSON. Another error, such as one that `onSignIn` rejects with, rejects here too.
   */
  handle(request: Request): Promise<Response | undefined>;
  /**
   * Who is signed in, or `undefined`. A `{ headers }` will do, as a server component has it. Rejects with `StorageError` and the
   * like when that cannot be known now.
   */
  session(request: Pick<Request, "headers">): Promise<BitbucketSession<Api> | undefined>;
  /** The session, with a token that works; or the `Response` to send instead. */
  guard(request: Request, options?: GuardOptions): Promise<BitbucketSession<Api> | Response>;
  /** The `Response` to an error that a session's methods rejected with; `undefined` for any other error. */
  answerError(error: unknown, request: Request): Promise<Response | undefined>;
  /** The path of the login route, with the path to go back to afterwards: for links and redirects of your own. */
  signInPath(returnTo?: string): string;
  /** The flow behind it, for adapters. */
  readonly flow: SignInFlow<Api>;
}

/** Makes the sign-in of an app. Throws `InvalidOptionsError` at once for options that cannot work. */
export function createBitbucketWeb<Api = unknown>(options: BitbucketWebOptions<Api>): BitbucketWeb<Api> {
  const { onSignIn, onError } = { ...options };
  const flow = createSignInFlow<Api>(options, {
    caller: "createBitbucketWeb()",
    onSignIn:
      onSignIn && ((user, account, request) => onSignIn(user, { account, request: signInRequest(request) })),
    onError:
      onError &&
      (async (error, { problem }, { request }) => {
        const response = await onError(error, { problem, request: request.native });
        return response && fromResponse(response);
      }),
  });
  const base = options.baseUrl === undefined ? "" : withoutSlash(new URL(options.baseUrl).pathname);
  const loginPath = base + (options.routes?.login ?? "/auth/bitbucket");
  return {
    flow,
    async handle(request) {
      const answer = await flow.handle(await flow.visit(fromWhole(request)));
      return answer && toResponse(answer);
    },
    async session(request) {
      const { user, error } = await flow.visit(readRequest(request));
      if (isBitbucketAuthError(error) && isSolvedBySignIn(error)) return undefined;
      if (error && !user) throw error;
      return user;
    },
    async guard(request, how = {}) {
      const { as } = guardOptions(how);
      const visit = await flow.visit(fromWhole(request));
      const answer = await flow.guard(visit, as);
      if (answer) return toResponse(answer);
      if (visit.user) return visit.user;
      throw new TypeError("A guard let a request through without a session.");
    },
    signInPath(returnTo) {
      if (returnTo !== undefined && typeof returnTo !== "string")
        throw new InvalidOptionsError("signInPath() takes a path to go back to.");
      const query = returnTo === undefined ? "" : `?${new URLSearchParams({ returnTo }).toString()}`;
      return loginPath + query;
    },
    async answerError(error, request) {
      const answer = await flow.answerError(error, await flow.visit(fromWhole(request)));
      return answer && toResponse(answer);
    },
  };
}

/** Throws `InvalidOptionsError` for what is no `Request` with an address of http or https. */
function fromWhole(request: Request): WebRequest {
  const url = textMember(request, "url");
  if (url !== undefined && readUrl(url)?.protocol.startsWith("http") && isRequest(request))
    return fromRequest(request);
  throw new InvalidOptionsError("A Request with an http or https URL is needed here.");
}

function readRequest(request: Pick<Request, "headers">): WebRequest {
  const url = textMember(request, "url");
  if (url !== undefined && isRequest(request)) return fromWhole(request);
  const headers: unknown = member(request, "headers");
  if (typeof member(headers, "get") === "function") return fromHeaders(request.headers);
  throw new InvalidOptionsError("session() takes a Request, or { headers } with a get().");
}

function isRequest(value: Pick<Request, "headers">): value is Request {
  return (
    typeof member(value, "method") === "string" &&
    typeof member(member(value, "headers"), "get") === "function"
  );
}

/** The request of a sign-in in the platform's terms, whatever framework it came through. */
function signInRequest(request: WebRequest): SignInRequest {
  const origin = request.origin() ?? "http://unknown.invalid";
  return { method: request.method, url: origin + request.target, headers: request.headers() };
}

async function fromResponse(response: Response): Promise<WebAnswer> {
  const headers = new Map<string, string>();
  for (const [name, value] of response.headers) if (name !== "set-cookie") headers.set(name, value);
  const cookies = response.headers.getSetCookie();
  return { status: response.status, headers, cookies, body: response.body ?? undefined };
}
