import { afterAll, beforeAll, describe } from "vitest";
import { mysqlPool } from "./clients.ts";
import { runContract } from "./run-contract.ts";
import { hasMariadb, startMariadb, type MariadbServer } from "./servers/mariadb-server.ts";

/** The long suite has the contract over the other clients, `promises.test.ts` what matters most. */
describe.skipIf(!hasMariadb)("createSqlStorage() on MariaDB", () => {
  let server: MariadbServer;
  beforeAll(async () => {
    server = await startMariadb();
  });
  afterAll(() => server.stop());
  runContract("a mysql2 pool", () => mysqlPool(server));
});
