import { htmlAnswer, jsonAnswer, redirectAnswer, textAnswer, type Answer } from "./answer.js";
import { apiErrorAnswer, apiMessages, notFoundAnswer } from "./api-errors.js";
import type { Fault } from "./faults.js";
import { oauthError, oauthErrorAnswer, oauthErrors } from "./oauth-errors.js";
import type { Op } from "./operation.js";

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

/** What a fault makes of an answer that was given in earnest. */
export function spoil(fault: Fault, answer: Answer): Answer {
  if ("commitThen" in fault && fault.commitThen === 500) return htmlAnswer(500, page);
  if ("fields" in fault) return withFields(answer, fault.fields, fault.without ?? []);
  if ("status" in fault || !("body" in fault)) return answer;
  const { body } = answer;
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

function bodyOf(status: number, body: "dialect" | "text" | "html" | "empty", op: Op): Answer {
  if (body === "empty") return { status, headers: {}, body: "" };
  if (body === "html") return htmlAnswer(status, page);
  if (body === "text") return textAnswer(status, status === 429 ? apiMessages.rateLimited : "");
  if (status === 429) return apiErrorAnswer(429, apiMessages.rateLimited, undefined, rateLimitHeaders);
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
  if (answer.status >= 300 || !answer.body.startsWith("{")) return answer;
  const parsed: unknown = JSON.parse(answer.body);
  const members = Object.entries({ ...(typeof parsed === "object" ? parsed : {}), ...fields });
  return {
    ...answer,
    body: JSON.stringify(Object.fromEntries(members.filter(([name]) => !without.includes(name)))),
  };
}
