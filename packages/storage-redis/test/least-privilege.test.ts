import { readFile } from "node:fs/promises";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { everyCall, expectedOfEveryCall } from "./every-call.ts";
import { patientPersist } from "./patient-storage.ts";
import { hasRedisServer, startRedisServer, type RedisServer } from "./redis-server.ts";
import { startReplica, tell } from "./redis-topologies.ts";

const host = "127.0.0.1";
const account = { username: "app", password: "app-password" };

describe.skipIf(!hasRedisServer())("a user with the rights that the README lists, and no others", () => {
  let server: RedisServer;
  let replica: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
    replica = await startReplica(server);
    const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
    const [, rights = ""] = /An ACL for this storage: `([^`]+)`/.exec(readme) ?? [];
    await tell(
      server,
      "ACL",
      "SETUSER",
      account.username,
      "on",
      `>${account.password}`,
      ...rights.split(" "),
    );
  });
  afterAll(() => Promise.all([server.stop(), replica.stop()]));

  it("can make every call over node-redis", async () => {
    const client = createClient({ ...account, socket: { host, port: server.port } });
    await client.connect();
    expect(await everyCall(client, { watch: true, persist: patientPersist })).toEqual(expectedOfEveryCall);
    client.destroy();
    await tell(server, "FLUSHALL");
  });

  it("can make every call over ioredis", async () => {
    const client = new Redis({ ...account, host, port: server.port });
    expect(await everyCall(client, { watch: true, persist: patientPersist })).toEqual(expectedOfEveryCall);
    client.disconnect();
    await tell(server, "FLUSHALL");
  });

  it("gets a typed error for keys outside its prefix", async () => {
    const client = createClient({ ...account, socket: { host, port: server.port } });
    await client.connect();
    const message = expect.stringContaining("NOPERM");
    await expect(everyCall(client, { prefix: "other" })).rejects.toMatchObject({
      action: "fix_config",
      message,
    });
    client.destroy();
  });
});
