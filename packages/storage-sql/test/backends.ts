import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import type { SqlDialect } from "../src/index.ts";
import {
  betterSqlite,
  databaseFolder,
  knexOnPg,
  kyselyOnMysql,
  mysqlPool,
  nodeSqlite,
  pgPool,
  postgresJs,
  type OwnedClient,
} from "./clients.ts";
import { hasMariadb, startMariadb, type MariadbServer } from "./servers/mariadb-server.ts";
import { hasPostgres, startPostgres, type PostgresServer } from "./servers/postgres-server.ts";

/** A running database, as tests see it through one kind of client. */
export interface Backend {
  readonly name: string;
  readonly dialect: SqlDialect;
  /** One more client for the same data. It is ended after the tests. */
  connect(): Promise<OwnedClient>;
}

/** `first`: one client of each database. `further`: every other that we know to work. */
export type ClientChoice = "first" | "further";

const onPostgres = { first: { pg: pgPool }, further: { "postgres.js": postgresJs, Knex: knexOnPg } };
const onMariadb = { first: { mysql2: mysqlPool }, further: { Kysely: kyselyOnMysql } };
const onSqlite = { first: { "better-sqlite3": betterSqlite }, further: { "node:sqlite": nodeSqlite } };

/** Registers tests for backends of this machine, with their servers running. Each test takes a prefix of its own. */
export function describeBackends(
  title: string,
  choice: ClientChoice,
  body: (backend: Backend) => void,
): void {
  const opened: OwnedClient[] = [];
  const kept = async (client: Promise<OwnedClient> | OwnedClient): Promise<OwnedClient> => {
    opened.push(await client);
    return client;
  };
  const endClients = async (): Promise<void> => {
    for (const { end } of opened.splice(0)) await end();
  };
  describe.skipIf(!hasPostgres)("on PostgreSQL", () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(async () => {
      await endClients();
      await server.stop();
    });
    for (const [name, connect] of Object.entries(onPostgres[choice]))
      describe(`${title}, over ${name}`, () => {
        body({ name, dialect: "postgres", connect: () => kept(connect(server)) });
      });
  });
  describe.skipIf(!hasMariadb)("on MariaDB", () => {
    let server: MariadbServer;
    beforeAll(async () => {
      server = await startMariadb();
    });
    afterAll(async () => {
      await endClients();
      await server.stop();
    });
    for (const [name, connect] of Object.entries(onMariadb[choice]))
      describe(`${title}, over ${name}`, () => {
        body({ name, dialect: "mysql", connect: () => kept(connect(server)) });
      });
  });
  describe("on SQLite", () => {
    let place: Awaited<ReturnType<typeof databaseFolder>>;
    beforeAll(async () => {
      place = await databaseFolder();
    });
    afterAll(async () => {
      await endClients();
      await place.remove();
    });
    for (const [name, open] of Object.entries(onSqlite[choice]))
      describe(`${title}, over ${name}`, () => {
        body({
          name,
          dialect: "sqlite",
          connect: () => kept(open(join(place.folder, name.replaceAll(/\W/g, "")))),
        });
      });
  });
}
