import { randomUUID } from "node:crypto";
import { isBitbucketAuthError, type TokenStorage } from "@bitbucket-auth/core";
import type { Variables } from "./environment.js";
import { exitCodes, exitCodeFor, oneLine, type Finding } from "./failure.js";
import { loadFromProject } from "./project.js";
import {
  clientPackages,
  type DatabaseAddress,
  isThere,
  type OpenClient,
  openSqlClient,
  readDatabaseAddress,
} from "./sql-client.js";

/** Where the tables are looked for. */
export interface SqlPlace {
  /** A directory of the project whose packages are used. Absent: the current one. */
  readonly directory?: string | undefined;
  /** What the names of the tables begin with. Absent: as `createSqlStorage` has it. */
  readonly prefix?: string | undefined;
  /** For all attempts of one call, in milliseconds. Absent: 5,000, because a database that was just started takes a moment. */
  readonly deadlineMs?: number | undefined;
}

/** The part of the user's own `@bitbucket-auth/storage-sql` that is used: found at run time, in the version that their program has. */
interface SqlLibrary {
  readonly createSqlStorage: (options: {
    readonly client: object;
    readonly prefix?: string | undefined;
    readonly deadlineMs: number;
    readonly onWarning: (warning: { readonly message: string }) => void;
  }) => TokenStorage;
  readonly sqlSchema: (
    dialect: DatabaseAddress["dialect"],
    options: { readonly prefix?: string | undefined },
  ) => readonly string[];
}

const library = "@bitbucket-auth/storage-sql";
const names = { postgres: "PostgreSQL", mysql: "MySQL or MariaDB", sqlite: "SQLite" } as const;

/**
 * Whether the database of the project in this directory can keep grants. Looked at where `DATABASE_URL` is set: connects as the project's
 * own client does, reads both tables, and takes and releases a lease, which is a write.
 */
export async function examineSql(env: Variables, place: SqlPlace = {}): Promise<readonly Finding[]> {
  const { directory = process.cwd(), prefix, deadlineMs = 5_000 } = place;
  const address = env["DATABASE_URL"];
  if (!address) return [];
  const database = readDatabaseAddress(address, directory);
  if (!database) {
    return [
      note(
        "DATABASE_URL names no database that can be looked at: it begins with postgres:, mysql:, mariadb:, sqlite: or file:.",
      ),
    ];
  }
  const loaded = await loadFromProject(library, directory);
  if (!isSqlLibrary(loaded)) {
    return [
      note(
        `DATABASE_URL is set, and this directory has no package ${library}: no grants are looked for there. If a program of yours keeps some, run doctor in its directory.`,
      ),
    ];
  }
  const subject = `${names[database.dialect]} at ${database.place}`;
  if (database.dialect === "sqlite" && !(await isThere(database.target))) {
    return [
      problem(
        `There is no file ${database.place}. Correct DATABASE_URL, or let your program make it: createTables({ client }).`,
      ),
    ];
  }
  const packages = clientPackages[database.dialect];
  const open = await openSqlClient(database, directory).catch(() => "refused" as const);
  if (open === "refused") {
    // The client's own words may hold the password.
    return [problem(`${subject} cannot be opened. Check DATABASE_URL, and that the file is a database.`)];
  }
  if (!open) {
    return [
      problem(
        `DATABASE_URL is of ${names[database.dialect]}, and this directory has no package ${packages.join(" or ")} to speak to it with: npm install ${packages[0]}`,
      ),
    ];
  }
  try {
    return await examineTables(loaded, open, {
      subject,
      prefix,
      deadlineMs,
      dialect: database.dialect,
    });
  } catch (error) {
    if (!isBitbucketAuthError(error)) throw error;
    return [judgeSql(subject, error)];
  } finally {
    await open.close();
  }
}

async function examineTables(
  { createSqlStorage, sqlSchema }: SqlLibrary,
  { client, ask }: OpenClient,
  about: {
    readonly subject: string;
    readonly prefix: string | undefined;
    readonly deadlineMs: number;
    readonly dialect: DatabaseAddress["dialect"];
  },
): Promise<readonly Finding[]> {
  const { subject, prefix, deadlineMs, dialect } = about;
  const warnings: Finding[] = [];
  const onWarning = ({ message }: { readonly message: string }): void => void warnings.push(note(message));
  const storage = createSqlStorage({ client, prefix, deadlineMs, onWarning });
  try {
    const key = "command line: doctor";
    await storage.get(key);
    for (const { table, columns } of tablesOf(sqlSchema(dialect, { prefix }))) {
      const isAsMade = await ask(`SELECT ${columns.join(", ")} FROM ${table} WHERE 1 = 0`).then(
        () => true,
        () => false,
      );
      if (!isAsMade) return [ofAnotherVersion(subject, { table, columns, dialect })];
    }
    const lease = await storage.tryLease(key, { owner: randomUUID(), ttlMs: 5_000 });
    await lease?.release();
    return [
      {
        check: "sql",
        state: "ok",
        text: `${subject} has the tables, and takes writes.`,
        exitCode: exitCodes.ok,
      },
      ...warnings,
    ];
  } finally {
    await storage.close();
  }
}

function ofAnotherVersion(
  subject: string,
  {
    table,
    columns,
    dialect,
  }: { readonly table: string; readonly columns: readonly string[]; readonly dialect: string },
): Finding {
  return problem(
    `${subject}: the table ${table} is that of another version of ${library}; this one has ${columns.join(", ")}. Alter it to what sqlSchema("${dialect}") makes.`,
  );
}

/** What a storage that cannot be used means. Its messages name a cause, a code and a step, and hold no password. */
function judgeSql(
  subject: string,
  { message, action }: { readonly message: string; readonly action: Parameters<typeof exitCodeFor>[0] },
): Finding {
  const text = `${subject}: ${oneLine(message)}`;
  // A replica that stays one is set up wrongly, though a failover passes.
  const isReplica = /read-only replica/.test(message);
  const exitCode = isReplica ? exitCodes.setup : exitCodeFor(action);
  if (exitCode !== exitCodes.later) return problem(text);
  return { check: "sql", state: "unknown", text, exitCode };
}

/** The tables and columns that statements make. */
export function tablesOf(
  statements: readonly string[],
): readonly { readonly table: string; readonly columns: readonly string[] }[] {
  return statements.flatMap((statement) => {
    const [, table, body = ""] = /^CREATE TABLE IF NOT EXISTS (\S+) \((.*)\)/s.exec(statement) ?? [];
    if (table === undefined) return [];
    const first = body.split(/,\s*/).map((part) => part.trim().split(/\s/)[0] ?? "");
    return [{ table, columns: first.filter((word) => /^[a-z_]+$/.test(word)) }];
  });
}

function problem(text: string): Finding {
  return { check: "sql", state: "problem", text, exitCode: exitCodes.setup };
}

function note(text: string): Finding {
  return { check: "sql", state: "note", text, exitCode: exitCodes.ok };
}

function isSqlLibrary(loaded: unknown): loaded is SqlLibrary {
  if (typeof loaded !== "object" || loaded === null) return false;
  return ["createSqlStorage", "sqlSchema"].every((name) => typeof Reflect.get(loaded, name) === "function");
}
