import { assertNames } from "./names.js";
import {
  htmlAnswer,
  jsonAnswer,
  redirectAnswer,
  textAnswer,
  type Answer,
  oauthError,
  oauthErrorAnswer,
  oauthErrors,
  apiErrorAnswer,
  apiMessages,
  notFoundAnswer,
} from "./answers.js";
import { realDelay } from "./clock.js";
import { checkedMatcher, matches, type MatchedRequest, type Matcher, type Op } from "./operation.js";

/** How a connection ends without an answer. */
export type NetworkFailure = "reset" | "refused" | "dns";

/** One way for a request to go wrong. Those that say so happen after the change was made: a refresh has rotated. */
export type Fault =
  /**
   * Answered with a status: in Bitbucket's words for that endpoint, as a page, as bare text, with no body, or saying that the
   * endpoint takes no such credential (`mechanism`).
   */
  | {
      readonly status: number;
      /** Seconds, or a date that is sent as an HTTP date. */
      readonly retryAfter?: number | Date | string | undefined;
      readonly body?: "dialect" | "text" | "html" | "empty" | "mechanism" | undefined;
    }
  /** Refused with this OAuth error. */
  | {
      readonly oauth:
        | "invalid_grant"
        | "invalid_client"
        | "unauthorized_client"
        | "invalid_scope"
        | "invalid_request";
    }
  /** No answer: the connection fails before the request was read. */
  | { readonly network: NetworkFailure }
  /** No answer at all, until the client gives up or the faults are cleared. */
  | { readonly hang: true }
  /** Answered as usual, so many real milliseconds late. */
  | { readonly delay: number }
  /** Redirected to another address. */
  | { readonly redirect: 301 | 302 | 303 | 307 | 308; readonly to: string }
  /** Answered with exactly this, nothing done. */
  | {
      readonly answer: {
        readonly status?: number | undefined;
        readonly headers?: Readonly<Record<string, string>> | undefined;
        readonly body?: string | undefined;
      };
    }
  /** After the change: the answer is spoilt; the last two of these spoil good answers only. */
  | {
      readonly body:
        | "malformed-json"
        | "truncated"
        | "html"
        | "empty"
        | "text-plain"
        | "wrong-types"
        | "missing-refresh-token";
    }
  /** After the change: members of a good JSON answer are replaced, or taken out. */
  | { readonly fields: Readonly<Record<string, unknown>>; readonly without?: readonly string[] | undefined }
  /** After the change the answer is lost: the connection breaks, hangs, or a 500 comes. */
  | { readonly commitThen: "reset" | "hang" | 500 };

/** Faults that a test arranges. They fire when told and never by chance. */
export interface Faults {
  /** The next request for `op` meets the fault; the next `times` of them. */
  next(op: Op, fault: Fault, times?: number): void;
  /** Requests that match meet the fault, at most `times` of them. */
  when(matcher: Matcher, fault: Fault, options?: { readonly times?: number | undefined }): FaultHandle;
  /** Removes every fault and ends the requests that hang. */
  clear(): void;
}

/** A fault that was arranged: how often it fired, and how to take it back. */
export interface FaultHandle {
  /** How often it has fired. */
  hits(): number;
  remove(): void;
}

/** The faults, as the exchange uses them. */
export interface FaultPlan extends Faults {
  /** The fault this request meets, counted. The one arranged first fires first. */
  take(request: MatchedRequest): Fault | null;
  /** Resolves when the client has gone or the faults are cleared. Keeps the process alive meanwhile. */
  hang(signal: AbortSignal): Promise<void>;
}

const kinds = "status oauth network hang delay redirect answer body fields commitThen".split(" ");

/** Members that go with one of them. */
const companions = ["retryAfter", "to", "without"];

/** Returns the fault. Throws for one of no known kind: requests would be answered as usual, and the mistake would not show. */
export function checkedFault(fault: Fault): Fault {
  if (kinds.some((kind) => kind in fault)) {
    assertNames(fault, "A fault", [...kinds, ...companions]);
    if ("answer" in fault) assertNames(fault.answer, "The answer of a fault", ["status", "headers", "body"]);
    return fault;
  }
  throw new TypeError(`Not a fault: it has ${Object.keys(fault).join(", ")}. Known are ${kinds.join(", ")}.`);
}

/** Longest delay a timer takes; a hanging request needs a timer, or Node ends the process under it. */
const foreverMs = 2 ** 31 - 1;

/** No faults yet. */
export function createFaults(): FaultPlan {
  const arranged = new Set<{ matcher: Matcher; fault: Fault; left: number; hits: number }>();
  let released = new AbortController();

  const when: Faults["when"] = (matcher, fault, options = {}) => {
    assertNames(options, "faults.when()", ["times"]);
    const { times = Number.POSITIVE_INFINITY } = options;
    if (!(typeof times === "number" && times >= 1))
      throw new TypeError("times must be a number of 1 or more. Leave it out for every request.");
    const arrangement = {
      matcher: checkedMatcher(matcher),
      fault: checkedFault(fault),
      left: times,
      hits: 0,
    };
    arranged.add(arrangement);
    return { hits: () => arrangement.hits, remove: () => void arranged.delete(arrangement) };
  };
  return {
    when,
    next: (op, fault, times = 1) => void when(op, fault, { times }),
    clear() {
      arranged.clear();
      released.abort();
      released = new AbortController();
    },
    take(request) {
      for (const arrangement of arranged) {
        if (!matches(arrangement.matcher, request)) continue;
        arrangement.left -= 1;
        arrangement.hits += 1;
        if (arrangement.left <= 0) arranged.delete(arrangement);
        return arrangement.fault;
      }
      return null;
    },
    hang: (signal) => realDelay(foreverMs, AbortSignal.any([signal, released.signal])),
  };
}

const page =
  "<!doctype html><html><head><title>Bitbucket</title></head><body><h1>Something went wrong</h1></body></html>";

/** `reset` counts down: it is what is left of the hour, in seconds. */
const rateLimitHeaders = {
  "x-ratelimit-limit": "1000, 1000;w=3600",
  "x-ratelimit-remaining": "0",
  "x-ratelimit-reset": "1800",
};

/** The answer of a fault that fires instead of the endpoint; `null` when the endpoint has its turn. */
export function answerInstead(fault: Fault, op: Op): Answer | null {
  if ("status" in fault) return statusAnswer(fault, op);
  if ("oauth" in fault) return oauthFaultAnswer(fault.oauth);
  if ("redirect" in fault) return redirectAnswer(fault.redirect, fault.to);
  if ("answer" in fault) {
    const { status = 200, headers = { "content-type": "application/json" }, body = "" } = fault.answer;
    return { status, headers, body };
  }
  return null;
}

/** What a fault makes of the endpoint's own answer. */
export function spoil(fault: Fault, answer: Answer): Answer {
  if ("commitThen" in fault && fault.commitThen === 500) return htmlAnswer(500, page);
  if ("fields" in fault) return withFields(answer, fault.fields, fault.without ?? []);
  if ("status" in fault || !("body" in fault)) return answer;
  const body = typeof answer.body === "string" ? answer.body : "";
  if (fault.body === "html") return htmlAnswer(200, page);
  if (fault.body === "empty") return { ...answer, body: "" };
  if (fault.body === "malformed-json") return { ...answer, body: body.replace("{", "{,") };
  if (fault.body === "truncated") return { ...answer, cutShort: true };
  if (fault.body === "text-plain") return textAnswer(answer.status, body);
  if (fault.body === "missing-refresh-token") return withFields(answer, {}, ["refresh_token"]);
  return withFields(
    answer,
    { access_token: 7200, refresh_token: [], expires_in: {}, scope: 1, scopes: 1 },
    [],
  );
}

function statusAnswer(fault: Extract<Fault, { status: number }>, op: Op): Answer {
  const answer = bodyOf(fault.status, fault.body ?? "dialect", op);
  if (fault.retryAfter === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, "retry-after": retryAfterHeader(fault.retryAfter) } };
}

function bodyOf(status: number, body: "dialect" | "text" | "html" | "empty" | "mechanism", op: Op): Answer {
  if (body === "empty") return { status, headers: {}, body: "" };
  if (body === "html") return htmlAnswer(status, page);
  if (body === "mechanism") return apiErrorAnswer(status, apiMessages.mechanism);
  if (body === "text") return textAnswer(status, status === 429 ? apiMessages.rateLimited : "Bad Request");
  if (status === 429) return apiErrorAnswer(429, apiMessages.rateLimited, undefined, rateLimitHeaders);
  if (status === 555) return apiErrorAnswer(555, apiMessages.timedOut);
  if (status >= 500) return htmlAnswer(status, page);
  if (op !== "api") return jsonAnswer(status, oauthErrors.wrongCredentials);
  if (status === 401) return apiErrorAnswer(401, apiMessages.invalid);
  if (status === 404) return notFoundAnswer();
  return apiErrorAnswer(status, apiMessages.forbidden);
}

function retryAfterHeader(retryAfter: number | Date | string): string {
  return typeof retryAfter === "number" ? String(retryAfter) : new Date(retryAfter).toUTCString();
}

function oauthFaultAnswer(error: string): Answer {
  if (error === "unauthorized_client") return oauthErrorAnswer(oauthErrors.wrongCredentials);
  return oauthErrorAnswer(oauthError(error, "Arranged by the test."));
}

/** Leaves refusals alone, and answers that are no JSON object. */
function withFields(
  answer: Answer,
  fields: Readonly<Record<string, unknown>>,
  without: readonly string[],
): Answer {
  if (answer.status >= 300 || typeof answer.body !== "string" || !answer.body.startsWith("{")) return answer;
  const parsed: unknown = JSON.parse(answer.body);
  const members = Object.entries({ ...(typeof parsed === "object" ? parsed : {}), ...fields });
  return {
    ...answer,
    body: JSON.stringify(Object.fromEntries(members.filter(([name]) => !without.includes(name)))),
  };
}
