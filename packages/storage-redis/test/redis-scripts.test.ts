import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RedisCommand, Send } from "../src/redis-connection.ts";
import { buryRecord, readRecord, runScript, swapRecord, type RedisScript } from "../src/redis-scripts.ts";
import { hasRedisServer, startRedisServer, type RedisServer } from "./redis-server.ts";
import { tell } from "./redis-topologies.ts";

describe("runScript()", () => {
  const script: RedisScript = { text: "return 1", sha: "e0e1f9fabfc9d4800c877a703b823ac0578ff8db" };

  it("names the script and sends its text only when the server does not know it", async () => {
    const sent: RedisCommand[] = [];
    const send: Send = async (command) => {
      sent.push(command);
      if (sent.length === 1) throw new Error("NOSCRIPT No matching script. Please use EVAL.");
      return 1;
    };
    expect(await runScript(send, script, ["key"], ["one"])).toBe(1);
    expect(sent).toEqual([
      ["EVALSHA", script.sha, "1", "key", "one"],
      ["EVAL", script.text, "1", "key", "one"],
    ]);
  });

  it("sends the text at once when it is a repeat, because a NOSCRIPT error may no longer be read", async () => {
    const sent: RedisCommand[] = [];
    await runScript(async (command) => sent.push(command), script, ["key"], ["one"], true);
    expect(sent).toEqual([["EVAL", script.text, "1", "key", "one"]]);
  });

  it("passes every other error on and sends nothing more", async () => {
    let sent = 0;
    const send: Send = async () => {
      sent += 1;
      throw new Error("READONLY You can't write against a read only replica.");
    };
    await expect(runScript(send, script, [], [])).rejects.toThrow("READONLY");
    expect(sent).toBe(1);
  });
});

describe.skipIf(!hasRedisServer())("the scripts", () => {
  let server: RedisServer;
  const client = createClient();
  let connected: ReturnType<typeof client.duplicate>;
  let send: Send;
  beforeAll(async () => {
    server = await startRedisServer();
    connected = client.duplicate({ socket: { host: "127.0.0.1", port: server.port } });
    await connected.connect();
    send = (command) => connected.sendCommand(command.map(String));
  });
  afterAll(async () => {
    connected.destroy();
    await server.stop();
  });

  it("survive a server that forgot them", async () => {
    for (const flush of [false, true]) {
      if (flush) await tell(server, "SCRIPT", "FLUSH");
      expect(await runScript(send, readRecord, ["none"], [])).toEqual([null, null]);
    }
  });

  it("are known to the server by the name we give them", async () => {
    expect(await tell(server, "SCRIPT", "LOAD", swapRecord.text)).toBe(swapRecord.sha);
  });

  it.each<[string, RedisScript, readonly string[]]>([
    ["a write", swapRecord, ["v1", "data", "k", "", ""]],
    ["a deletion", buryRecord, ["v1", "60000", ""]],
  ])("write when %s is repeated, so that replicas can confirm the repeat", async (_, repeated, args) => {
    const changes = async (): Promise<number> => {
      const info = String(await tell(server, "INFO", "persistence"));
      return Number(/rdb_changes_since_last_save:(\d+)/.exec(info)?.[1]);
    };
    await runScript(send, repeated, ["repeated"], args);
    const once = await changes();
    await runScript(send, repeated, ["repeated"], args);
    expect(await changes()).toBeGreaterThan(once);
    await tell(server, "DEL", "repeated");
  });

  it("change nothing when they run twice", async () => {
    const swap = () => runScript(send, swapRecord, ["record"], ["v1", "data", "k", "", ""]);
    expect(await swap()).toBe(1);
    const once = await tell(server, "HGETALL", "record");
    expect(await swap()).toBe(1);
    expect(await tell(server, "HGETALL", "record")).toEqual(once);
  });
});
