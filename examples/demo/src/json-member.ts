/** A member of a JSON object; `undefined` when there is no such object or member. */
export function jsonMember(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** A member that has to be a text. Throws, naming it, when it is something else. */
export function textMember(value: unknown, name: string): string {
  const member = jsonMember(value, name);
  if (typeof member === "string") return member;
  throw new Error(`There is no text "${name}" in the answer.`);
}
