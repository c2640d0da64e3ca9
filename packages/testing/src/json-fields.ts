/** The members of a JSON object, each read with the type it ought to have. Reading throws when it has another. */
export interface JsonFields {
  string(name: string): string;
  number(name: string): number;
  boolean(name: string): boolean;
  strings(name: string): readonly string[];
  fields(name: string): JsonFields;
  list(name: string): readonly unknown[];
  /** `undefined` when the member is missing or `null`, else what `read` makes of it. */
  optional<const Value>(name: string, read: (fields: JsonFields) => Value): Value | undefined;
  /** The member when it is one of the texts. */
  oneOf<const Text extends string | number>(name: string, allowed: readonly Text[]): Text;
  has(name: string): boolean;
  raw(name: string): unknown;
  readonly entries: readonly (readonly [string, unknown])[];
}

/** Reads an object that came from another process. Throws unless it is one. */
export function readFields(value: unknown, what = "the value"): JsonFields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError(`${what} is not a JSON object`);
  const members = new Map<string, unknown>(Object.entries(value));
  const wrong = (name: string, wanted: string): TypeError =>
    new TypeError(`"${name}" of ${what} is not ${wanted}`);
  const fields: JsonFields = {
    string(name) {
      const member = members.get(name);
      if (typeof member === "string") return member;
      throw wrong(name, "a string");
    },
    number(name) {
      const member = members.get(name);
      if (typeof member === "number") return member;
      throw wrong(name, "a number");
    },
    boolean(name) {
      const member = members.get(name);
      if (typeof member === "boolean") return member;
      throw wrong(name, "true or false");
    },
    list(name) {
      const member: unknown = members.get(name);
      if (Array.isArray(member)) return member;
      throw wrong(name, "a list");
    },
    strings(name) {
      return fields.list(name).map((item) => {
        if (typeof item === "string") return item;
        throw wrong(name, "a list of strings");
      });
    },
    fields: (name) => readFields(members.get(name), `"${name}"`),
    optional: (name, read) => (fields.has(name) ? read(fields) : undefined),
    oneOf(name, allowed) {
      const found = allowed.find((text) => text === members.get(name));
      if (found !== undefined) return found;
      throw wrong(name, `one of ${allowed.join(", ")}`);
    },
    has: (name) => members.get(name) !== undefined && members.get(name) !== null,
    raw: (name) => members.get(name),
    entries: [...members],
  };
  return fields;
}
