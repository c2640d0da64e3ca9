import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasMariadb, startMariadb, type MariadbServer } from "@bitbucket-auth/database-servers/mariadb";
import { hasPostgres, startPostgres, type PostgresServer } from "@bitbucket-auth/database-servers/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { examineSql, tablesOf } from "../src/doctor-sql.ts";
import { type OpenClient, openSqlClient, readDatabaseAddress } from "../src/sql-client.ts";
import { openCommandLine } from "./command-line.ts";

const storageSql = fileURLToPath(new URL("../../storage-sql", import.meta.url));
const password = "the-password-of-the-database";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "doctor-sql-"));
  await makeProject("project", ["pg", "mysql2", "better-sqlite3"]);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A project that has our package and these clients, as a user's would. */
async function makeProject(name: string, clients: readonly string[], hasOurs = true): Promise<string> {
  const project = join(directory, name);
  const modules = join(project, "node_modules");
  await mkdir(join(modules, "@bitbucket-auth"), { recursive: true });
  await writeFile(join(project, "package.json"), "{}");
  if (hasOurs) await symlink(storageSql, join(modules, "@bitbucket-auth", "storage-sql"));
  for (const client of clients)
    await symlink(join(storageSql, "node_modules", client), join(modules, client));
  return project;
}

/** What doctor finds at an address, of a program in that project. No finding ever holds the password. */
async function examine(
  address: string,
  {
    project = "project",
    ...more
  }: { readonly project?: string; readonly prefix?: string; readonly deadlineMs?: number } = {},
): Promise<{ readonly state: string; readonly exitCode: number; readonly text: string }> {
  const place = { directory: join(directory, project), ...more };
  const [first, ...others] = await examineSql({ DATABASE_URL: address }, place);
  expect(others).toEqual([]);
  expect(first?.text).not.toContain(password);
  if (!first) throw new Error("Nothing was found");
  return first;
}

const problem = (words: RegExp): object => ({
  state: "problem",
  exitCode: 4,
  text: expect.stringMatching(words),
});
/** What is refused is tried again until the deadline. */
const unreachable = { deadlineMs: 200 };
const well = { state: "ok", exitCode: 0, text: expect.stringContaining("has the tables, and takes writes.") };

/** Runs statements through the client that doctor itself opens. */
async function run(address: string, statements: readonly string[]): Promise<void> {
  const project = join(directory, "project");
  const database = readDatabaseAddress(address, project);
  const open: OpenClient | undefined = database && (await openSqlClient(database, project));
  if (!open) throw new Error("There is no client");
  for (const statement of statements) await open.ask(statement);
  await open.close();
}

/** The statements that make the tables, from the package in the project. */
async function schema(dialect: string, prefix?: string): Promise<readonly string[]> {
  const { sqlSchema } = (await import(join(storageSql, "dist", "index.js"))) as {
    sqlSchema(dialect: string, options: object): readonly string[];
  };
  return sqlSchema(dialect, { prefix });
}

/** The same under the prefix `older`, without one column. */
async function olderSchema(dialect: string, column: string): Promise<readonly string[]> {
  return (await schema(dialect, "older")).map((statement) => statement.replace(column, ""));
}

describe.skipIf(!hasPostgres)("doctor and PostgreSQL", () => {
  let server: PostgresServer;
  let asUser: string;
  beforeAll(async () => {
    server = await startPostgres();
    asUser = server.url.replace("postgres@", `alice:${password}@`);
    await run(server.url, [
      `CREATE ROLE alice LOGIN PASSWORD '${password}'`,
      "CREATE ROLE reader LOGIN",
      "ALTER ROLE reader SET default_transaction_read_only = on",
      ...(await schema("postgres")),
      ...(await olderSchema("postgres", ', buried_as text COLLATE "C"')),
      "GRANT ALL ON ALL TABLES IN SCHEMA public TO alice, reader",
      `COPY (VALUES ('host all alice 127.0.0.1/32 scram-sha-256'), ('host all all 127.0.0.1/32 trust')) TO '${join(server.socketFolder, "data", "pg_hba.conf")}'`,
    ]);
    await server.restart("fast");
  });
  afterAll(() => server.stop());

  it("says that all is well, and where", async () => {
    const found = await examine(asUser);
    expect(found).toMatchObject(well);
    expect(found.text).toContain(`PostgreSQL at 127.0.0.1:${server.port}/postgres`);
  });

  it("tells a refused password from a server that is not there", async () => {
    expect(await examine(asUser.replace("the-password", "not-the-password"))).toMatchObject(
      problem(/28P01.*Check user, password, database and grants/),
    );
    expect(await examine(asUser.replace(String(server.port), "9"), unreachable)).toMatchObject({
      state: "unknown",
      exitCode: 3,
      text: expect.stringMatching(/127\.0\.0\.1:9\/postgres.*ECONNREFUSED.*cannot be reached/),
    });
  });

  it("tells tables that are missing from those of another version", async () => {
    expect(await examine(asUser, { prefix: "none" })).toMatchObject(
      problem(/42P01.*createTables\(\).*sqlSchema\(\)/),
    );
    expect(await examine(asUser, { prefix: "older" })).toMatchObject(
      problem(/table older_entry is that of another version.*buried_as.*sqlSchema\("postgres"\)/),
    );
  });

  it("names a read-only replica, and what to connect to", async () => {
    const reader = server.url.replace("postgres@", "reader@");
    expect(await examine(reader)).toMatchObject(problem(/25006.*connect to the primary/));
  });

  it("is spoken to with postgres.js where the project has no pg", async () => {
    await makeProject("with-postgres-js", ["postgres"]);
    expect(await examine(asUser, { project: "with-postgres-js" })).toMatchObject(well);
  });
});

describe.skipIf(!hasMariadb)("doctor and MariaDB", () => {
  let server: MariadbServer;
  const address = (user: string): string => `mariadb://${user}@127.0.0.1:${server.port}/test`;
  beforeAll(async () => {
    server = await startMariadb();
    await run(address("root"), [
      `CREATE USER alice IDENTIFIED BY '${password}'`,
      "GRANT ALL ON test.* TO alice",
      ...(await schema("mysql")),
      ...(await olderSchema("mysql", ", buried_as VARBINARY(1024) NULL")),
    ]);
  });
  afterAll(() => server.stop());

  it("says that all is well, or what is wrong, with the fix", async () => {
    const alice = address(`alice:${password}`);
    expect(await examine(alice)).toMatchObject(well);
    expect(await examine(address(`alice:not-${password}`))).toMatchObject(
      problem(/1045.*Check user, password, database and grants/),
    );
    expect(await examine(alice.replace(String(server.port), "9"), unreachable)).toMatchObject({
      state: "unknown",
      text: expect.stringMatching(/ECONNREFUSED.*cannot be reached/),
    });
    expect(await examine(alice, { prefix: "none" })).toMatchObject(problem(/1146.*createTables\(\)/));
    expect(await examine(alice, { prefix: "older" })).toMatchObject(
      problem(/older_entry is that of another version.*sqlSchema\("mysql"\)/),
    );
    await run(address("root"), ["SET GLOBAL read_only = 1"]);
    expect(await examine(alice)).toMatchObject(problem(/1290.*connect to the primary/));
  });
});

describe("doctor and SQLite", () => {
  it.each([
    ["better-sqlite3", ["better-sqlite3"]],
    ["node:sqlite", []],
  ])("says that all is well, or what is wrong, with the fix: over %s", async (name, clients) => {
    const project = name.replace(":", "-");
    const folder = await makeProject(project, clients);
    const missing = await examine("file:./data.db", { project });
    expect(missing).toMatchObject(problem(/There is no file .*data\.db\. .*createTables\(\{ client \}\)/));
    await writeFile(join(folder, "data.db"), "");
    expect(await examine("file:./data.db", { project })).toMatchObject(problem(/createTables\(\)/));
    await run(`sqlite://${join(folder, "data.db")}`, await schema("sqlite"));
    expect(await examine("sqlite:data.db", { project })).toMatchObject(well);
    await run(`file://${join(folder, "data.db")}`, await olderSchema("sqlite", ", buried_live INTEGER"));
    expect(await examine("file:data.db?mode=rwc", { project, prefix: "older" })).toMatchObject(
      problem(/older_entry is that of another version/),
    );
    await writeFile(
      join(folder, "text.db"),
      "this is no database, and long enough to be seen as none".repeat(20),
    );
    expect(await examine("file:./text.db", { project })).toMatchObject(problem(/database/));
  });
});

describe("doctor and other addresses", () => {
  it("passes over a database that it does not know, and is silent without one", async () => {
    const found = await examine(`mongodb://alice:${password}@127.0.0.1/shop`);
    expect(found).toMatchObject({ state: "note", exitCode: 0 });
    expect(await examineSql({}, { directory })).toEqual([]);
  });

  it("says what to install where the project has no client, and passes over the database of one that keeps no grants there", async () => {
    await makeProject("without-client", []);
    await makeProject("without-ours", [], false);
    const line = await openCommandLine();
    const env = { DATABASE_URL: `postgres://alice:${password}@127.0.0.1:9/shop` };
    const [first, second] = await Promise.all(
      ["without-client", "without-ours"].map((name) =>
        line.run(["doctor"], { env, cwd: join(directory, name) }),
      ),
    );
    await line.close();
    expect(first).toMatchObject({
      exitCode: 4,
      stdout: expect.stringMatching(/^problem +sql .*no package pg or postgres .*: npm install pg$/m),
    });
    expect(second).toMatchObject({ exitCode: 2, stdout: expect.stringMatching(/^note +sql .*storage-sql/m) });
    expect(JSON.stringify([first, second])).not.toContain(password);
  });
});

describe("tablesOf()", () => {
  it("reads tables and columns from the statements of each dialect", async () => {
    const found = await Promise.all(["postgres", "mysql", "sqlite"].map((dialect) => schema(dialect)));
    for (const statements of found) {
      const [entry, lease] = tablesOf(statements);
      expect(entry?.columns.slice(0, 6)).toEqual([
        "id",
        "version",
        "bytes",
        "expires_at",
        "buried_as",
        "buried_live",
      ]);
      expect(lease).toMatchObject({ table: "bitbucket_auth_lease" });
      expect(lease?.columns.slice(0, 4)).toEqual(["id", "owner", "fence", "lapses_at"]);
    }
  });
});
