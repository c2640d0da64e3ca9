import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSqlStorage, createTables } from "../src/index.ts";
import { mysqlPool, pgPool, postgresJs, type OwnedClient } from "./clients.ts";
import { hasMariadb, startMariadb, type MariadbServer } from "./servers/mariadb-server.ts";
import { hasPostgres, startPostgres, type PostgresServer } from "./servers/postgres-server.ts";
import { startProxy } from "./servers/wire-proxy.ts";

/** Counts on the wire what core's steps cost. */
async function tripsOf(
  target: number,
  connect: (port: number) => Promise<OwnedClient>,
): Promise<Record<string, number>> {
  const proxy = await startProxy(target);
  const { client, end } = await connect(proxy.port);
  try {
    await createTables({ client });
    const storage = createSqlStorage({ client, deadlineMs: 30_000 });
    // The first write also removes what is over: once an hour, and not for a refresh.
    await storage.delete("before", { version: crypto.randomUUID() });
    const purged = createSqlStorage({ client });
    await purged.close();
    await storage.get("settled");
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    const options = {
      ...grant.clientOptions,
      fetch: mock.fetch,
      clock: mock.clock,
      logging: false,
      encryption: "none" as const,
    };
    const open = () => createBitbucketAuth({ ...options, storage });
    const auth = open();
    const counted = async (work: () => Promise<unknown>): Promise<number> => {
      const before = proxy.trips;
      await work();
      return proxy.trips - before;
    };
    const signIn = await counted(() => auth.saveTokens("alice", grant.tokens));
    const fromMemory = await counted(() => auth.getAccessToken("alice"));
    const coldRead = await counted(() => open().getAccessToken("alice"));
    await mock.clock.advance("121m");
    const refresh = await counted(() => auth.getAccessToken("alice"));
    const signOut = await counted(() => auth.signOut("alice"));
    return { signIn, fromMemory, coldRead, refresh, signOut };
  } finally {
    await end();
    await proxy.stop();
  }
}

const expected = { fromMemory: 0, coldRead: 1, refresh: 5, signOut: 1 };

describe.skipIf(!hasPostgres)("round trips to PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it("are 5 for a refresh over pg", async () => {
    expect(
      await tripsOf(server.port, (port) =>
        pgPool({ ...server, url: server.url.replace(String(server.port), String(port)) }),
      ),
    ).toMatchObject(expected);
  });

  it("are twice as many over postgres.js, which asks for the types first", async () => {
    expect(
      await tripsOf(server.port, (port) =>
        postgresJs({ ...server, url: server.url.replace(String(server.port), String(port)) }),
      ),
    ).toMatchObject({ fromMemory: 0, coldRead: 2, refresh: 10, signOut: 2 });
  });
});

describe.skipIf(!hasMariadb)("round trips to MariaDB", () => {
  let server: MariadbServer;
  beforeAll(async () => {
    server = await startMariadb();
  });
  afterAll(() => server.stop());

  it("are 5 for a refresh over mysql2", async () => {
    expect(
      await tripsOf(server.port, (port) =>
        mysqlPool({ ...server, connection: { ...server.connection, port } }),
      ),
    ).toMatchObject(expected);
  });
});
