import type { RequestObject } from "./resource-request.js";

/** A function like jQuery's `ajax`. What it answers is a promise, or has `done` and `fail`. */
export type Ajax = (request: RequestObject) => unknown;

/** Anything with an `ajax` like jQuery's: `$` itself. */
export interface AjaxOwner {
  ajax(request: RequestObject): unknown;
}

interface Deferred {
  done(listener: (data: unknown) => void): Deferred;
  fail(listener: (failed: unknown) => void): unknown;
}

/** Waits for what an `ajax` answered. */
export async function settled(answer: unknown): Promise<unknown> {
  return isDeferred(answer) ? new Promise((resolve, reject) => answer.done(resolve).fail(reject)) : answer;
}

/** The HTTP status of a failed request, where it has one: jQuery rejects with the request itself. */
export function statusOf(failed: unknown): number {
  return typeof failed === "object" && failed && "status" in failed ? Number(failed.status) || 0 : 0;
}

function isDeferred(answer: unknown): answer is Deferred {
  return typeof answer === "object" && answer !== null && "done" in answer;
}
