import { StorageError, type ErrorAction } from "@bitbucket-auth/core";
import type { SqlDialect } from "./clients/sql-connection.js";

/** What an error of a client means for the call. */
export interface SqlFailure {
  /** Whether the same statement may succeed in a moment: it had no effect, or it is not known whether it had one. */
  readonly isPassing: boolean;
  readonly error: StorageError;
}

/** What the failed call was. */
export interface FailedCall {
  readonly dialect: SqlDialect;
  /** The method of the storage. */
  readonly operation: string;
  /** Whether the client is one connection, which does not come back. */
  readonly isSingle: boolean;
}

interface Meaning {
  /** Matches a code as a whole, or a part of a message. */
  readonly match: RegExp;
  readonly isPassing?: boolean;
  readonly action: ErrorAction;
  /** Condition, then the next step. */
  readonly says: string;
}

// Note: only words of our own and codes reach a message. The errors of clients carry the statement, its values and the key.
const meant = {
  contended: {
    isPassing: true,
    action: "retry",
    says: "other writers were in the way until the deadline. Nothing was written; try again",
  },
  lost: {
    isPassing: true,
    action: "retry",
    says: "the database cannot be reached, or the connection was lost. It is not known whether the call took effect: repeat it, or read back",
  },
  tables: {
    action: "fix_config",
    says: "its tables are missing, or not as they should be. Run createTables(), or the statements of sqlSchema(), with this prefix",
  },
  rights: {
    action: "fix_config",
    says: "the user may not do that, or cannot sign in. Check user, password, database and grants",
  },
  tls: {
    action: "fix_config",
    says: "no secure connection could be made. Check the `ssl` option of the client, and the certificate of the server and its authority",
  },
  full: {
    action: "fix_config",
    says: "the disk or the table is full. Make room; what was stored is intact",
  },
  readOnly: {
    action: "retry",
    says: "a read-only replica answered. If that outlasts a failover, connect to the primary",
  },
  interrupted: {
    action: "retry",
    says: "a limit of the server ended or refused it. Try again; if it stays, raise the limit",
  },
  tooLong: {
    action: "fix_config",
    says: "a value does not fit. Check that the tables are those of sqlSchema()",
  },
  closed: {
    action: "fix_config",
    says: "the client was closed. Create a new one, and close it only after the storage",
  },
  single: {
    action: "fix_config",
    says: "its one connection was lost and does not come back. Pass a pool",
  },
} satisfies Readonly<Record<string, Omit<Meaning, "match">>>;

/** Of every library that opens sockets. What Node says of certificates: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const sockets: readonly Meaning[] = [
  {
    match: /^(?:ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|ENOENT|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_\w+)$/,
    ...meant.lost,
  },
  {
    match:
      /^(?:(?:CERT|CRL|UNABLE_TO|ERR_TLS|ERR_SSL)_\w+|(?:DEPTH_ZERO_)?SELF_SIGNED_CERT\w*|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|HANDSHAKE_(?:NO_SSL_SUPPORT|SSL_ERROR))$/,
    ...meant.tls,
  },
  { match: /server does not support (?:SSL|secure) connections?/i, ...meant.tls },
];

const meanings: Readonly<Record<SqlDialect, readonly Meaning[]>> = {
  // https://www.postgresql.org/docs/current/errcodes-appendix.html
  postgres: [
    // Note: the last three are what CREATE TABLE IF NOT EXISTS says while another process makes the same table.
    { match: /^(?:40001|40P01|55P03|23505|42710|42P07)$/, ...meant.contended },
    // Note: 08P01 is PgBouncer's, while it has no server.
    {
      match: /^(?:57P0[123]|08\w{3}|CONNECTION_CLOSED|CONNECTION_DESTROYED|CONNECT_TIMEOUT)$/,
      ...meant.lost,
    },
    {
      match: /Connection terminated|timeout exceeded when trying to connect|Query read timeout/,
      ...meant.lost,
    },
    { match: /^25006$/, ...meant.readOnly },
    { match: /^(?:57014|53300|53200|25P0\d)$/, ...meant.interrupted },
    { match: /^(?:42P01|42703|42P10|3F000|42804|42883)$/, ...meant.tables },
    { match: /^(?:42501|28\w{3}|3D000)$/, ...meant.rights },
    { match: /^SASL: /, ...meant.rights },
    { match: /^53100$/, ...meant.full },
    { match: /^(?:54000|22\w{3})$/, ...meant.tooLong },
    { match: /^CONNECTION_ENDED$|after calling end|Client was closed/, ...meant.closed },
  ],
  // https://mariadb.com/kb/en/mariadb-error-codes/
  mysql: [
    { match: /^(?:1213|1205|1020)$/, ...meant.contended },
    { match: /^(?:1053|1927|PROTOCOL_\w+)$/, ...meant.lost },
    { match: /Queue limit reached|No connections available|Query inactivity timeout/, ...meant.lost },
    { match: /^(?:1290|1792|1836)$/, ...meant.readOnly },
    { match: /^(?:1969|3024|1040|1203|1226|1317)$/, ...meant.interrupted },
    { match: /^(?:1146|1054|1364)$/, ...meant.tables },
    { match: /^(?:1044|1045|1049|1142|1143|1698)$/, ...meant.rights },
    { match: /^(?:1021|1114)$/, ...meant.full },
    { match: /^(?:1406|1264)$/, ...meant.tooLong },
    { match: /^POOL_CLOSED$|Pool is closed/, ...meant.closed },
    { match: /connection is in closed state/, ...meant.single },
  ],
  // https://www.sqlite.org/rescode.html: 5 6 8 13 14, and 256 times something added to them.
  sqlite: [
    { match: /^SQLITE_(?:BUSY|LOCKED)/, ...meant.contended },
    {
      match: /Network connection lost|transient issue|overloaded|caused object to be reset|D1 DB reset/,
      ...meant.lost,
    },
    {
      match: /^SQLITE_READONLY/,
      action: "fix_config",
      says: "the database is read-only. Check the file's mode and owner, and its folder's",
    },
    { match: /^SQLITE_FULL/, ...meant.full },
    {
      match: /^SQLITE_(?:CANTOPEN|NOTADB)/,
      action: "fix_config",
      says: "the file cannot be opened as a database. Check its path, its mode and its folder",
    },
    { match: /no such (?:table|column)|has no column/, ...meant.tables },
    { match: /^SQLITE_TOOBIG/, ...meant.tooLong },
    { match: /not open|closed/i, ...meant.closed },
  ],
};

const names: Readonly<Record<SqlDialect, string>> = {
  postgres: "PostgreSQL",
  mysql: "MySQL",
  sqlite: "SQLite",
};

/** SQLite's result codes, as node:sqlite and bun:sqlite hand them out. */
const sqliteCodes: Readonly<Record<number, string>> = {
  5: "SQLITE_BUSY",
  6: "SQLITE_LOCKED",
  8: "SQLITE_READONLY",
  10: "SQLITE_IOERR",
  13: "SQLITE_FULL",
  14: "SQLITE_CANTOPEN",
  18: "SQLITE_TOOBIG",
  26: "SQLITE_NOTADB",
};

/** What a client's error means. The call is not repeated for an unknown code, which the message then names. */
export function sqlFailure(error: unknown, { dialect, operation, isSingle }: FailedCall): SqlFailure {
  const { codes, texts } = factsOf(error, dialect);
  const subject = `${names[dialect]} failed at ${operation}()`;
  for (const meaning of [...meanings[dialect], ...sockets]) {
    const code = codes.find((each) => meaning.match.test(each));
    if (code === undefined && !texts.some((text) => meaning.match.test(text))) continue;
    return failure(meaning, code);
  }
  if (texts.some((text) => /connection error and is not queryable/.test(text)))
    return failure({ ...(isSingle ? meant.single : meant.lost) }, undefined);
  return failure(
    { action: "retry", says: "it is not known why. Try again; if it stays, see the server's log" },
    codes[0],
  );

  function failure(
    { action, says, isPassing = false }: Omit<Meaning, "match">,
    code: string | undefined,
  ): SqlFailure {
    return {
      isPassing,
      error: new StorageError(`${subject}${code ? ` (${code})` : ""}: ${says}.`, { action }),
    };
  }
}

/** Codes and messages of an error and of those it wraps: an ORM wraps the driver's, a double-stack socket has two. */
function factsOf(error: unknown, dialect: SqlDialect): { codes: string[]; texts: string[] } {
  const codes: string[] = [];
  const texts: string[] = [];
  const look = (value: unknown, depth: number): void => {
    if (typeof value !== "object" || value === null || depth > 4) return;
    const [code, errno, errcode, message, cause, errors]: readonly unknown[] = [
      "code",
      "errno",
      "errcode",
      "message",
      "cause",
      "errors",
    ].map((name): unknown => Reflect.get(value, name));
    // Note: MySQL's number says which error it is; its name differs between MySQL and MariaDB.
    if (dialect === "mysql" && typeof errno === "number" && errno > 0) codes.push(String(errno));
    const number = typeof errcode === "number" ? errcode : errno;
    const named = dialect === "sqlite" && typeof number === "number" ? sqliteCodes[number & 255] : undefined;
    if (named && number !== undefined) codes.push(named);
    if (typeof code === "string" && /^[A-Z0-9_]{3,40}$/.test(code)) codes.push(code);
    if (typeof message === "string") texts.push(message);
    if (Array.isArray(errors)) for (const each of errors) look(each, depth + 1);
    look(cause, depth + 1);
  };
  look(error, 0);
  return { codes, texts };
}
