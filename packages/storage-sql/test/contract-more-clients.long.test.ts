import { afterAll, beforeAll, describe } from "vitest";
import {
  drizzleOnPg,
  knexOnPg,
  kyselyOnMysql,
  mysqlCallbackPool,
  mysqlConnection,
  pgClient,
  pgPool,
} from "./clients.ts";
import { runContract } from "./run-contract.ts";
import { hasMariadb, startMariadb, type MariadbServer } from "./servers/mariadb-server.ts";
import { hasPostgres, startPostgres, type PostgresServer } from "./servers/postgres-server.ts";

// Clients that stand on those of the short suite: one connection instead of a pool, callbacks, an ORM's client beneath.
describe.skipIf(!hasPostgres)("createSqlStorage() on PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  runContract("a pg client", () => pgClient(server));
  runContract("a pg pool", () => pgPool(server));
  runContract("Knex", () => knexOnPg(server));
  runContract("Drizzle", () => drizzleOnPg(server));
});

describe.skipIf(!hasMariadb)("createSqlStorage() on MariaDB", () => {
  let server: MariadbServer;
  beforeAll(async () => {
    server = await startMariadb();
  });
  afterAll(() => server.stop());
  runContract("Kysely", () => kyselyOnMysql(server));
  runContract("a mysql2 connection", () => mysqlConnection(server));
  runContract("a mysql2 pool with callbacks", () => mysqlCallbackPool(server));
});
