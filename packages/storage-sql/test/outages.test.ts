import type { TokenStorage } from "@bitbucket-auth/core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createSqlStorage, createTables, type SqlClient } from "../src/index.ts";
import { mysqlPool, pgPool, postgresJs, type OwnedClient } from "./clients.ts";
import { hasMariadb, startMariadb, type MariadbServer } from "./servers/mariadb-server.ts";
import { hasPostgres, startPostgres, type PostgresServer } from "./servers/postgres-server.ts";
import { startProxy, type WireProxy } from "./servers/wire-proxy.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const ttlMs = 600_000;

/** A client whose wire a test can cut, and a storage over it. */
interface Wired {
  readonly storage: TokenStorage;
  readonly proxy: WireProxy;
}

async function wired(
  target: number,
  connect: (port: number) => Promise<OwnedClient>,
  deadlineMs: number,
  opened = 1,
): Promise<Wired> {
  const proxy = await startProxy(target);
  const { client, end } = await connect(proxy.port);
  await createTables({ client });
  const storage = createSqlStorage({ client, deadlineMs });
  onTestFinished(async () => {
    await storage.close();
    await end().catch(() => undefined);
    await proxy.stop();
  });
  // The first write also removes what is over, which should not be what a test meets.
  const first = createSqlStorage({ client, deadlineMs: 60_000 });
  await first.delete("before", { version: crypto.randomUUID() });
  await Promise.all(Array.from({ length: opened }, () => first.get("before")));
  await first.close();
  return { storage, proxy };
}

/** Cuts the answer to each kind of call once, after the server has acted. */
async function answersOfCutCalls({ storage, proxy }: Wired, key: string): Promise<unknown> {
  const cut = <T>(call: () => Promise<T>): Promise<T> => {
    proxy.cutNextAnswer();
    return call();
  };
  const created = await cut(() => storage.compareAndSwap(key, null, bytes("one"), { version: "v1" }));
  const replaced = await cut(() => storage.compareAndSwap(key, "v1", bytes("two"), { version: "v2" }));
  const read = await cut(() => storage.get(key));
  const lease = await cut(() => storage.tryLease(key, { owner: "alice", ttlMs }));
  const refused = await storage.tryLease(key, { owner: "bob", ttlMs });
  const renewed = await cut(async () => lease?.renew(ttlMs));
  await cut(async () => lease?.release());
  const free = (await storage.tryLease(key, { owner: "bob", ttlMs })) !== null;
  const deleted = await cut(() => storage.delete(key, { version: "gone" }));
  return { created, replaced, read, refused, renewed, free, deleted, after: await storage.get(key) };
}

const settled = {
  created: { ok: true },
  replaced: { ok: true },
  read: { bytes: bytes("two"), version: "v2" },
  refused: null,
  renewed: true,
  free: true,
  deleted: true,
  after: null,
};

/** What 20 calls answer after a connection of the pool went silent. */
function answersOverSilence({ storage, proxy }: Wired): Promise<unknown[]> {
  proxy.silence();
  return Promise.all(Array.from({ length: 20 }, (_, nth) => storage.get(`k${nth}`)));
}

/** What the calls reject with after every connection of the pool went silent, and whether a later call is served. */
async function poolAfterSilence({ storage, proxy }: Wired): Promise<{ failed: unknown[]; isBack: boolean }> {
  proxy.silence();
  const answers = await Promise.allSettled(Array.from({ length: 5 }, () => storage.get("k")));
  const failed = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
  const isServed = (): Promise<boolean> =>
    storage.get("k").then(
      () => true,
      () => false,
    );
  return { failed, isBack: await vi.waitUntil(isServed, { timeout: 30_000 }) };
}

describe.skipIf(!hasPostgres)("a PostgreSQL that fails", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  const over = (connect: (server: PostgresServer) => Promise<OwnedClient>) => (port: number) =>
    connect({ ...server, port, url: server.url.replace(String(server.port), String(port)) });

  it.each([
    ["pg", pgPool],
    ["postgres.js", postgresJs],
  ])("is asked again when its answer was lost, and each call settles, over %s", async (name, connect) => {
    expect(await answersOfCutCalls(await wired(server.port, over(connect), 30_000), name)).toEqual(settled);
  });

  it("serves every call of a pool in which a connection went silent", async () => {
    const answers = await answersOverSilence(await wired(server.port, over(pgPool), 8_000));
    expect(answers).toEqual(answers.map(() => null));
  });

  it("has its pool back after every connection in it went silent", async () => {
    const { failed, isBack } = await poolAfterSilence(await wired(server.port, over(pgPool), 2_000, 20));
    expect(failed).toMatchObject(failed.map(() => ({ action: "retry" })));
    expect(isBack).toBe(true);
  });

  it.each(["fast", "immediate"] as const)(
    "serves calls over a restart (%s), without a failed one",
    async (mode) => {
      const { client, end } = await pgPool(server);
      onTestFinished(() => end().then(() => undefined));
      await createTables({ client });
      const storage = createSqlStorage({ client, deadlineMs: 60_000 });
      let isOver = false;
      let version: string | null = null;
      const writing = async (): Promise<number> => {
        for (let nth = 1; ; nth += 1) {
          const next = `${mode}-${nth}`;
          expect(await storage.compareAndSwap(mode, version, bytes(next), { version: next })).toEqual({
            ok: true,
          });
          version = next;
          if (isOver) return nth;
        }
      };
      const written = writing();
      await server.restart(mode);
      isOver = true;
      expect(await written).toBeGreaterThan(0);
      expect((await storage.get(mode))?.version).toBe(version);
    },
  );

  it("lets 8 programs make the tables at once", async () => {
    const owned = await Promise.all(Array.from({ length: 8 }, () => pgPool(server)));
    for (const prefix of ["race_1", "race_2", "race_3", "race_4", "race_5"]) {
      const made = await Promise.allSettled(owned.map(({ client }) => createTables({ client, prefix })));
      expect(made.filter(({ status }) => status === "rejected")).toEqual([]);
    }
    for (const { end } of owned) await end();
  });
});

describe.skipIf(!hasMariadb)("a MariaDB that fails", () => {
  let server: MariadbServer;
  beforeAll(async () => {
    server = await startMariadb();
  });
  afterAll(() => server.stop());
  const over = (port: number) => mysqlPool({ ...server, connection: { ...server.connection, port } });

  it("is asked again when its answer was lost, and each call settles", async () => {
    expect(await answersOfCutCalls(await wired(server.port, over, 30_000), "mysql2")).toEqual(settled);
  });

  it("serves every call of a pool in which a connection went silent", async () => {
    const answers = await answersOverSilence(await wired(server.port, over, 8_000));
    expect(answers).toEqual(answers.map(() => null));
  });

  it("has its pool back after every connection in it went silent", async () => {
    const { failed, isBack } = await poolAfterSilence(await wired(server.port, over, 2_000, 20));
    expect(failed).toMatchObject(failed.map(() => ({ action: "retry" })));
    expect(isBack).toBe(true);
  });

  it("works in every mode of SQL, and takes no text for SQL", async () => {
    const { client, end } = await mysqlPool(server);
    onTestFinished(() => end().then(() => undefined));
    await createTables({ client, prefix: "modes" });
    const pool = client as SqlClient & { query(sql: string): Promise<unknown> };
    for (const mode of ["", "ANSI", "NO_BACKSLASH_ESCAPES", "TRADITIONAL", "PAD_CHAR_TO_FULL_LENGTH"]) {
      await pool.query(`SET GLOBAL sql_mode = '${mode}'`);
      const fresh = await mysqlPool(server);
      const storage = createSqlStorage({ client: fresh.client, prefix: "modes" });
      for (const key of ["' OR 1=1 -- ", "\\' OR 1=1 -- ", '" OR 1=1 -- ', "\\", "'"]) {
        const id = `${mode}${key}`;
        expect(await storage.get(id)).toBeNull();
        expect(await storage.compareAndSwap(id, null, bytes(id), { version: key })).toEqual({ ok: true });
        expect(await storage.get(id)).toEqual({ bytes: bytes(id), version: key });
      }
      await storage.close();
      await fresh.end();
    }
  });
});
