import { afterAll, beforeAll, describe } from "vitest";
import { postgresJs, watchingPool, type OnPostgres } from "./clients.ts";
import { runContract } from "./run-contract.ts";
import { hasPostgres, startPostgres, type PostgresServer } from "./servers/postgres-server.ts";

/** The long suite has the contract over the others, `promises.test.ts` what matters most. */
const clients: Readonly<Record<string, OnPostgres>> = {
  "a pg pool and a client that listens": watchingPool,
  "postgres.js": postgresJs,
};

describe.skipIf(!hasPostgres)("createSqlStorage() on PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  for (const [name, connect] of Object.entries(clients)) runContract(name, () => connect(server));
});
