/** The story went another way than it is told. The demo ends with this as its reason. */
export class NotAsToldError extends Error {
  override readonly name = "NotAsToldError";
}

/** Stops the story unless `actual` is what the story says. */
export function asTold<Value extends string | number | boolean>(
  what: string,
  actual: Value | undefined,
  told: Value,
): void {
  if (actual !== told) throw new NotAsToldError(`${what}: the story says ${told}, but it was ${actual}.`);
}
