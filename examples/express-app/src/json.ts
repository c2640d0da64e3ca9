/** A member of an answer; `undefined` when there is none. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce(
    (inner: unknown, name) =>
      typeof inner === "object" && inner !== null ? Reflect.get(inner, name) : undefined,
    value,
  );
}

/** A text in an answer, empty when it is not there. */
export function text(value: unknown, ...path: readonly string[]): string {
  const found = member(value, ...path);
  return typeof found === "string" ? found : "";
}
