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

/** The message of an error, of whichever realm; "failed" for anything else that was thrown. */
export function messageOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("message" in error)) return "failed";
  return typeof error.message === "string" ? error.message : "failed";
}

/** Sends one command to a served fake. Rejects with the fake's own words when it refuses. */
export type RemoteCall = (
  command: string,
  given?: Readonly<Record<string, unknown>>,
) => Promise<RemoteResult>;

/** The answer of a command, read as what it ought to be. */
export interface RemoteResult {
  fields(): JsonFields;
  list(): readonly JsonFields[];
}

/** Calls the control API of the fake at this address. Rejects with what the fake refused, or as `fetch` does. */
export function createRemoteCall(url: string): RemoteCall {
  return async (command, given = {}) => {
    const response = await fetch(new URL(`/_mock/${command}`, url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(given),
    });
    const body: unknown = await response.json();
    const answer = readFields(body, "the answer of the fake");
    if (answer.has("error")) throw new Error(`The fake refuses ${command}: ${answer.string("error")}`);
    return {
      fields: () => answer.fields("result"),
      list: () => answer.list("result").map((item) => readFields(item, "an item")),
    };
  };
}
