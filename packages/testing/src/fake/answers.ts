/** An HTTP answer before it is sent, so that a fault can still bend it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
  /** The connection breaks in the middle of the body. */
  readonly cutShort?: boolean;
}

/** A JSON answer. */
export function jsonAnswer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

/** A page. `body` is trusted HTML. */
export function htmlAnswer(status: number, body: string): Answer {
  return { status, headers: { "content-type": "text/html; charset=utf-8" }, body };
}

/** A plain text. */
export function textAnswer(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, body };
}

/** 204: it was done, and there is nothing to say. */
export const noContent: Answer = { status: 204, headers: {}, body: "" };

/** A redirect that keeps no body. */
export function redirectAnswer(status: number, location: string): Answer {
  return { status, headers: { location }, body: "" };
}

/** Statuses that may not have a body: `new Response()` refuses one. */
const bodiless = new Set([204, 205, 304]);

/** The answer as a standard `Response`, dated by the fake's clock. */
export function toResponse(answer: Answer, now: number): Response {
  const headers = new Headers({ date: new Date(now).toUTCString(), ...answer.headers });
  if (bodiless.has(answer.status)) return new Response(null, { status: answer.status, headers });
  return new Response(answer.cutShort ? brokenStream(answer.body) : answer.body, {
    status: answer.status,
    headers,
  });
}

/** Half of the text, and then the end of the connection. */
function brokenStream(body: string | Uint8Array): ReadableStream<Uint8Array> {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  let sent = false;
  return new ReadableStream({
    pull(controller) {
      if (sent) controller.error(new TypeError("terminated"));
      else controller.enqueue(bytes.subarray(0, bytes.length / 2));
      sent = true;
    },
  });
}

/** What an endpoint decided: the answer, and what the log should know about it. */
export interface Ruling {
  readonly answer: Answer;
  readonly facts?: RulingFacts;
  /** What the client did that Bitbucket refuses in any case: a fault of the client, not of the moment. */
  readonly violation?: string;
  /** Makes the answer where that takes time, in place of `answer`. */
  readonly later?: () => Promise<Answer>;
}

/** The parts of a request that only its endpoint knows. */
export interface RulingFacts {
  readonly clientId?: string;
  readonly grantId?: string;
  /** Of the token that was presented. */
  readonly generation?: number;
  /** A refresh token was presented again after its leeway. */
  readonly reused?: boolean;
  /** A refresh token was presented again inside its leeway. */
  readonly leeway?: boolean;
  /** The OAuth error that was answered. */
  readonly error?: string;
}

/** Carries out a request that has been read and checked as far as possible without changing anything. */
export type Commit = () => Ruling;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text made safe for a page or an attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** A whole page in the colours of the reader's system; `title` is text, `body` is trusted HTML. */
export function htmlPage(title: string, body: string, style = ""): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark; --page: #f5f6f8; --card: #fff; --text: #1c2430; --muted: #56606f; --line: #ccd3dc; --action: #0b57d0; --on-action: #fff; --good: #0b6b3a; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14181f; --card: #1d232d; --text: #e8ecf2; --muted: #a3aebd; --line: #3b4553; --action: #8ab4f8; --on-action: #0d1a2d; --good: #7ddca2; --bad: #ffb4ab; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 30rem; margin: 10vh auto; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
h1 { margin-top: 0; font-size: 1.35rem; line-height: 1.3; }
code { font: .92em ui-monospace, monospace; overflow-wrap: anywhere; }
a { color: var(--action); }
:focus-visible { outline: 3px solid var(--action); outline-offset: 2px; }
${style}
</style>
</head>
<body>
${body}
</body>
</html>
`;
}

/** An error body of the token endpoint (RFC 6749 section 5.2), description first as Bitbucket writes it. */
export interface OAuthErrorBody {
  readonly error_description: string;
  readonly error: string;
}

/** The refusals that have words of their own. */
export type OAuthErrorName =
  | "wrongCredentials"
  | "noCredentials"
  | "noGrantType"
  | "noCallback"
  | "legacyDeadRefreshToken"
  | "badCode"
  | "publicConsumer";

/** The errors of the token endpoint in Bitbucket's own words: what tests compare with, too. */
export const oauthErrors: Readonly<Record<OAuthErrorName, OAuthErrorBody>> = {
  wrongCredentials: oauthError("unauthorized_client", "Invalid OAuth client credentials"),
  noCredentials: oauthError(
    "unauthorized_client",
    "Requests must be authenticated using OAuth client credentials",
  ),
  noGrantType: oauthError("invalid_grant", "Unsupported grant type: None"),
  noCallback: oauthError("invalid_request", "No callback uri defined for the OAuth client."),
  legacyDeadRefreshToken: oauthError("invalid_request", "Invalid refresh_token"),
  badCode: oauthError("invalid_grant", "The specified code is not valid."),
  publicConsumer: oauthError(
    "invalid_grant",
    'Cannot use client_credentials with a consumer marked as "public". ' +
      "Calls for auto generated consumers should use urn:bitbucket:oauth2:jwt instead.",
  ),
};

/** The body of an OAuth error (RFC 6749 section 5.2). */
export function oauthError(error: string, description: string): OAuthErrorBody {
  return { error_description: description, error };
}

/** Bitbucket's answer to a grant type that it does not have, or that is missing. */
export function unsupportedGrantType(grantType: string): OAuthErrorBody {
  return oauthError("invalid_grant", `Unsupported grant type: ${grantType}`);
}

/** Bitbucket answers every error of this endpoint with 400. */
export function oauthErrorAnswer(body: OAuthErrorBody): Answer {
  return jsonAnswer(400, body);
}

/** A token request that is refused. `violation` says what the client did wrong, if it did. */
export function refusal(body: OAuthErrorBody, facts: RulingFacts = {}, violation?: string): Ruling {
  return {
    answer: oauthErrorAnswer(body),
    facts: { ...facts, error: body.error },
    ...(violation !== undefined && { violation }),
  };
}

/** What a scheme other than Basic meets. */
export function openIdPage(): Answer {
  return htmlAnswer(
    400,
    "<!doctype html><html><head><title>Bitbucket</title></head><body><h1>OpenID transaction in progress</h1></body></html>",
  );
}

/** The error bodies of the API in Bitbucket's own words. */
export const apiMessages = {
  /** Three wordings have been seen for the same thing; the fake takes turns. */
  expired: [
    "Access token expired. Use your refresh token to obtain a new access token.",
    "OAuth2 access token expired. Use your refresh token to obtain a new access token.",
    "Access token expired.",
  ],
  invalid: "Token is invalid, expired, or not supported for this endpoint.",
  scope: "Your credentials lack one or more required privilege scopes.",
  forbidden: "Forbidden",
  notFound: "Resource not found",
  notFoundDetail:
    "There is no API hosted at this URL.\n\nFor information about our API's, please refer to the documentation at: https://developer.atlassian.com/bitbucket/api/2/reference/",
  /** Where the kind of credential is wrong, whatever its scopes. The exact words are unverified. */
  mechanism: "This endpoint is not accessible by this authentication mechanism.",
  /** With the status 555, which Bitbucket has of its own for a diff that takes too long. The words are unverified. */
  timedOut: "The request took too long to process.",
  badRequest: "Bad request",
  /** For `?pagelen=` above what a list gives, which is less for pull requests than the documentation says. */
  pagelen: "Invalid pagelen",
  removed: "CHANGE-2770 - Functionality has been deprecated",
  rateLimited: "Rate limit for this resource has been exceeded",
  basic:
    "Login failed due to incorrect login credentials or method.\nFor information on authentication methods, visit:\nhttps://support.atlassian.com/bitbucket-cloud/docs/",
} as const;

const announcement = {
  announcement_url: "https://developer.atlassian.com/cloud/bitbucket/changelog#CHANGE-2770",
} as const;

/** An error in the envelope of the API. `detail` is a string or an object, as it pleases Bitbucket. */
export function apiErrorAnswer(
  status: number,
  message: string,
  detail?: string | object,
  headers: Readonly<Record<string, string>> = {},
  key?: string,
): Answer {
  return jsonAnswer(
    status,
    {
      type: "error",
      error: {
        message,
        ...(detail !== undefined && { detail }),
        ...(key !== undefined && { data: { key } }),
      },
    },
    headers,
  );
}

/** 404, for a path or a resource that the caller does not see. */
export function notFoundAnswer(): Answer {
  return apiErrorAnswer(404, apiMessages.notFound, apiMessages.notFoundDetail);
}

/** The cross-workspace endpoints that CHANGE-2770 took away. */
export function removedAnswer(): Answer {
  const error = {
    message: apiMessages.removed,
    detail: "Please read the changelog entry for more details.",
    data: announcement,
  };
  return jsonAnswer(410, { type: "error", error, data: announcement });
}

/** What refused Basic credentials are answered with. */
export function basicRefusedAnswer(): Answer {
  return textAnswer(401, apiMessages.basic, {
    "www-authenticate": "BitbucketCustom realm=Bitbucket.org HTTP",
  });
}

/** A body that was not understood, field by field. */
export function badRequestAnswer(fields: Readonly<Record<string, readonly string[]>>): Answer {
  const id = "0b6f1c1e5a8d4f0e9c7b2a3d4e5f6071";
  return jsonAnswer(400, { type: "error", error: { message: apiMessages.badRequest, fields, id } });
}
