/**
 * Gives an answer to whoever asked: to the callback, once and never at once, or as the promise itself.
 *
 * What a callback throws is its owner's: it reaches the process as any uncaught exception does, and no second call.
 */
export function deliver<Answer>(
  answer: Promise<Answer>,
  callback: ((error: unknown, answer?: Answer) => void) | null | undefined,
): Promise<Answer> | undefined {
  if (typeof callback !== "function") return answer;
  answer.then(
    (value) => queueMicrotask(() => callback(null, value)),
    // Note: a signal can be aborted for the reason `null`, which a callback would take for success.
    (error: unknown) =>
      queueMicrotask(() => callback(error ?? new DOMException("The call was aborted.", "AbortError"))),
  );
  return undefined;
}
