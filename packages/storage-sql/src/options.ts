import { InvalidOptionsError } from "@bitbucket-auth/core";

/** Names of the two tables, as they stand in the SQL. */
export interface TableNames {
  readonly entry: string;
  readonly lease: string;
  /** The schema or database in front of them, with its dot, or nothing. */
  readonly schema: string;
  /** The prefix without the schema. */
  readonly bare: string;
}

/** PostgreSQL cuts names at 63 bytes, and then both tables would have one name. */
const longestName = 40;

/** Throws `InvalidOptionsError` unless `prefix` may stand in SQL as it is. */
export function tableNames(prefix: unknown = "bitbucket_auth"): TableNames {
  const [, schema = "", bare = ""] =
    (typeof prefix === "string" && /^([a-z_][a-z0-9_]*\.)?([a-z_][a-z0-9_]*)$/.exec(prefix)) || [];
  if (bare === "" || bare.length > longestName || schema.length > longestName) {
    throw new InvalidOptionsError(
      `\`prefix\` must be a name, or schema.name, of a-z, 0-9 and _, of ${longestName} characters at most each: "bitbucket_auth".`,
    );
  }
  return { entry: `${schema}${bare}_entry`, lease: `${schema}${bare}_lease`, schema, bare };
}

/** Throws `InvalidOptionsError` unless this is an object. Callers without types forget it, or pass `null`. */
export function assertOptions(given: unknown, what: string): asserts given is object {
  if (typeof given === "object" && given !== null) return;
  throw new InvalidOptionsError(`${what} must be an object.`);
}

/** Throws `InvalidOptionsError` that names what is there and has no meaning. */
export function assertKnownNames(given: object, what: string, known: readonly string[]): void {
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new InvalidOptionsError(
    `${what} has no ${unknown.map((name) => JSON.stringify(name)).join(", ")}. It has: ${known.join(", ")}.`,
  );
}
