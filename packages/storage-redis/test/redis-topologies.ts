import { createClient } from "redis";
import { startRedisServer, type RedisServer } from "./redis-server.ts";

/** Sends one command to one server, over a connection of its own. */
export function tell(server: { readonly port: number }, ...command: string[]): Promise<unknown> {
  return overOneConnection(server, (send) => send(...command));
}

async function overOneConnection<T>(
  { port }: { readonly port: number },
  work: (send: (...command: string[]) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  const client = createClient({ socket: { host: "127.0.0.1", port } });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work((...command) => client.sendCommand(command));
  } finally {
    client.destroy();
  }
}

/** Asks again and again until the answer is yes; says what it waited for when it never is. */
export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 2_000; tries += 1) {
    if (await condition()) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
  throw new Error(`Waited in vain for ${what}.`);
}

/** Servers that belong together. */
export interface RedisGroup {
  readonly servers: readonly RedisServer[];
  stop(): Promise<void>;
}

const group = (servers: readonly RedisServer[]): RedisGroup => ({
  servers,
  stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
});

/** Three primaries that share the slots between them. */
export async function startRedisCluster(): Promise<RedisGroup> {
  const ranges = [
    ["0", "5460"],
    ["5461", "10922"],
    ["10923", "16383"],
  ];
  const servers = await Promise.all(ranges.map(() => startRedisServer({ cluster: true })));
  const [first] = servers;
  for (const [index, server] of servers.entries()) {
    await tell(server, "CLUSTER", "ADDSLOTSRANGE", ...(ranges[index] ?? []));
    await tell(server, "CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
    if (first && server !== first) {
      await tell(server, "CLUSTER", "MEET", "127.0.0.1", String(first.port), String(first.busPort));
    }
  }
  await until("the cluster to agree", async () => {
    const states = await Promise.all(servers.map((server) => tell(server, "CLUSTER", "INFO")));
    return states.every(
      (state) => /cluster_state:ok/.test(String(state)) && /cluster_known_nodes:3/.test(String(state)),
    );
  });
  return group(servers);
}

/** How many commands these servers have sent on to another node. */
export async function redirections(servers: readonly RedisServer[]): Promise<number> {
  const stats = await Promise.all(servers.map((server) => tell(server, "INFO", "errorstats")));
  return stats.reduce(
    (sum: number, text) => sum + Number(/errorstat_MOVED:count=(\d+)/.exec(String(text))?.[1] ?? 0),
    0,
  );
}

/** A primary, one replica that has caught up, and a Sentinel that knows both. */
export async function startRedisSentinel(): Promise<RedisGroup> {
  const primary = await startRedisServer();
  const replica = await startReplica(primary);
  const sentinel = await startRedisServer({ sentinelOf: primary });
  await until("Sentinel to know the replica", async () => {
    const replicas = await tell(sentinel, "SENTINEL", "REPLICAS", "main");
    return Array.isArray(replicas) && replicas.length === 1;
  });
  return group([sentinel, primary, replica]);
}

/** Has Sentinel put the replica in the place of a primary that is gone. */
export async function failOver({ servers }: RedisGroup): Promise<void> {
  const [sentinel] = servers;
  if (!sentinel) throw new Error("There is no Sentinel.");
  await until("Sentinel to begin a failover", () =>
    tell(sentinel, "SENTINEL", "FAILOVER", "main").then(
      () => true,
      // The replica is not good enough as long as Sentinel has not heard of it for a moment.
      () => false,
    ),
  );
}

/** A replica that has caught up with its primary, and that the primary counts on. */
export async function startReplica(primary: RedisServer): Promise<RedisServer> {
  const replica = await startRedisServer({ args: ["--replicaof", "127.0.0.1", String(primary.port)] });
  await untilConfirmed(primary);
  return replica;
}

/** Waits until a replica of this server confirms a write, which it may be too new to do at once. */
export async function untilConfirmed(primary: RedisServer): Promise<void> {
  await overOneConnection(primary, (send) =>
    until("a replica to confirm", async () => {
      await send("FUNCTION", "FLUSH"); // a write that any node of a cluster takes
      return Number(await send("WAIT", "1", "100")) === 1;
    }),
  );
}

/** Adds one node to the cluster, as a replica of its first node, known to all. */
export async function joinAsReplica({ servers }: RedisGroup): Promise<RedisServer> {
  const [first] = servers;
  if (!first) throw new Error("The cluster has no nodes.");
  const node = await startRedisServer({ cluster: true });
  await tell(node, "CLUSTER", "MEET", "127.0.0.1", String(first.port), String(first.busPort));
  const firstId = String(await tell(first, "CLUSTER", "MYID"));
  await until("the new node to know the first", async () =>
    String(await tell(node, "CLUSTER", "NODES")).includes(firstId),
  );
  await tell(node, "CLUSTER", "REPLICATE", firstId);
  await untilConfirmed(first);
  await until("every node to know the replica", async () => {
    const nodes = await Promise.all(servers.map((server) => tell(server, "CLUSTER", "NODES")));
    return nodes.every((known) => /slave/.test(String(known)));
  });
  return node;
}
