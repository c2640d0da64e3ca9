/** A member of something that came from outside; `undefined` when there is no such object or member. */
export function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** A member, if it is a text that says something. */
export function textMember(value: unknown, name: string): string | undefined {
  const text = member(value, name);
  return typeof text === "string" && text !== "" ? text : undefined;
}
