import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { sqlFailure } from "../src/failure.ts";
import type { SqlDialect } from "../src/index.ts";

const leaky = "s3cr3t";

/** An error as the library makes it: with the statement, its values and the key on it. */
function errorOf(fields: object, message = `near "${leaky}"`): Error {
  const details = {
    sql: `INSERT ${leaky}`,
    query: leaky,
    parameters: [leaky],
    detail: `Key (id)=(${leaky})`,
  };
  return Object.assign(new Error(message), details, fields);
}

const passing = { isPassing: true, action: "retry" };
const refused = { isPassing: false, action: "retry" };
const fix = { isPassing: false, action: "fix_config" };

const table: readonly (readonly [SqlDialect, object | string, object])[] = [
  ...["40001", "40P01", "55P03", "23505", "42710", "42P07"].map(
    (code) => ["postgres", { code }, passing] as const,
  ),
  ...[
    "57P01",
    "57P02",
    "57P03",
    "08006",
    "08P01",
    "ECONNREFUSED",
    "ECONNRESET",
    "EPIPE",
    "ENOENT",
    "CONNECTION_CLOSED",
  ].map((code) => ["postgres", { code }, passing] as const),
  ["postgres", "Connection terminated unexpectedly", passing],
  ["postgres", "timeout exceeded when trying to connect", passing],
  ["postgres", "Query read timeout", passing],
  ["postgres", "Client has encountered a connection error and is not queryable", passing],
  ...["57014", "25006", "25P02", "53300"].map((code) => ["postgres", { code }, refused] as const),
  ...["42P01", "42703", "42501", "28P01", "3D000", "53100", "54000", "22021", "CONNECTION_ENDED"].map(
    (code) => ["postgres", { code }, fix] as const,
  ),
  ["postgres", "Cannot use a pool after calling end on the pool", fix],
  ["postgres", "The server does not support SSL connections", fix],
  ["postgres", "SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string", fix],
  ...["SELF_SIGNED_CERT_IN_CHAIN", "DEPTH_ZERO_SELF_SIGNED_CERT", "CERT_HAS_EXPIRED"].map(
    (code) => ["postgres", { code }, fix] as const,
  ),
  ...["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "ERR_TLS_CERT_ALTNAME_INVALID"].map(
    (code) => ["postgres", { code }, fix] as const,
  ),
  ...["HANDSHAKE_NO_SSL_SUPPORT", "HANDSHAKE_SSL_ERROR", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"].map(
    (code) => ["mysql", { code }, fix] as const,
  ),
  ...[1213, 1205, 1020].map((errno) => ["mysql", { errno, code: "ER_SOME" }, passing] as const),
  ...["PROTOCOL_CONNECTION_LOST", "PROTOCOL_SEQUENCE_TIMEOUT", "ECONNRESET", "ETIMEDOUT"].map(
    (code) => ["mysql", { code }, passing] as const,
  ),
  ["mysql", "Queue limit reached.", passing],
  ["mysql", "No connections available.", passing],
  ...[1969, 3024, 1290, 1040].map((errno) => ["mysql", { errno }, refused] as const),
  ...[1146, 1054, 1044, 1045, 1049, 1142, 1021, 1114, 1406].map(
    (errno) => ["mysql", { errno }, fix] as const,
  ),
  ["mysql", "Pool is closed.", fix],
  ["mysql", "Can't add new command when connection is in closed state", fix],
  ...["SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED_SHAREDCACHE"].map(
    (code) => ["sqlite", { code }, passing] as const,
  ),
  ...[5, 6, 261, 517].map((errcode) => ["sqlite", { code: "ERR_SQLITE_ERROR", errcode }, passing] as const),
  ...[8, 13, 14, 264].map((errcode) => ["sqlite", { code: "ERR_SQLITE_ERROR", errcode }, fix] as const),
  ["sqlite", "D1_ERROR: Network connection lost.", passing],
  ["sqlite", "D1_ERROR: no such table: bitbucket_auth_entry: SQLITE_ERROR", fix],
  ["sqlite", "The database connection is not open", fix],
  // What a number means is for the dialect to say.
  ["postgres", { errno: 5 }, refused],
  ["mysql", { errno: 13 }, refused],
  ["mysql", { code: "42P01" }, refused],
  ["postgres", { code: "XX000" }, refused],
  ["sqlite", "anything else", refused],
];

describe("sqlFailure()", () => {
  it.each(table)("knows what it means that %s says %o", (dialect, says, expected) => {
    const error = typeof says === "string" ? errorOf({}, says) : errorOf(says);
    const failure = sqlFailure(error, { dialect, operation: "get", isSingle: false });
    expect({ isPassing: failure.isPassing, action: failure.error.action }).toEqual(expected);
    expect(failure.error.message).toMatch(/^(?:PostgreSQL|MySQL|SQLite) failed at get\(\)/);
    expect(inspect(failure.error, { depth: 9, showHidden: true })).not.toContain(leaky);
  });

  it("names the code, and not what only looks like one", () => {
    const message = (fields: object) =>
      sqlFailure(errorOf(fields), { dialect: "postgres", operation: "delete", isSingle: false }).error
        .message;
    expect(message({ code: "42P01" })).toContain("failed at delete() (42P01): its tables are missing");
    expect(message({ code: "XX001" })).toContain("(XX001)");
    expect(message({ code: `code ${leaky}` })).toContain("delete():");
    expect(message({ code: 5 })).toContain("delete():");
  });

  it("looks into what wraps the driver's error", () => {
    const wrapped = new Error(`Failed query: ${leaky}`, { cause: errorOf({ code: "40001" }) });
    expect(sqlFailure(wrapped, { dialect: "postgres", operation: "get", isSingle: false }).isPassing).toBe(
      true,
    );
    const both = new AggregateError([errorOf({ code: "ECONNREFUSED" }), errorOf({})]);
    expect(sqlFailure(both, { dialect: "mysql", operation: "get", isSingle: false }).isPassing).toBe(true);
    const endless: { cause?: unknown } = {};
    endless.cause = endless;
    expect(sqlFailure(endless, { dialect: "mysql", operation: "get", isSingle: false }).isPassing).toBe(
      false,
    );
  });

  it("says of one connection that it does not come back", () => {
    const error = errorOf({}, "Client has encountered a connection error and is not queryable");
    const failure = sqlFailure(error, { dialect: "postgres", operation: "get", isSingle: true });
    expect(failure).toMatchObject({
      isPassing: false,
      error: { action: "fix_config", message: expect.stringContaining("Pass a pool") },
    });
  });

  it.each([undefined, null, "text", 5])("takes %j for an error", (thrown) => {
    expect(sqlFailure(thrown, { dialect: "sqlite", operation: "get", isSingle: false }).error.action).toBe(
      "retry",
    );
  });
});
