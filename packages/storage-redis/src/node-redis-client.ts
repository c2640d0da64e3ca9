import { Buffer } from "node:buffer";
import { connectionBy, type RedisConnection, type RedisSubscriber, type Send } from "./redis-connection.js";

/** What is needed of a connection that node-redis duplicated for us. */
export interface NodeRedisSubscriber {
  on(event: "error", listener: () => void): unknown;
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: () => void): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  destroy(): unknown;
}

interface SendsCommands {
  sendCommand(command: readonly (string | Uint8Array)[], options?: object): Promise<unknown>;
}

/** `createClient()` of node-redis, connected. */
export interface NodeRedisClient extends SendsCommands {
  duplicate(): NodeRedisSubscriber;
}

/** `createClientPool()` of node-redis, connected. It has no way to listen for changes. */
export interface NodeRedisPool extends SendsCommands {
  execute<T>(work: (client: SendsCommands) => Promise<T>): Promise<T>;
}

/** `createSentinel()` of node-redis, connected. */
export interface NodeRedisSentinel {
  sendCommand(isReadonly: boolean, command: (string | Uint8Array)[], options?: object): Promise<unknown>;
  use<T>(work: (client: Pick<NodeRedisSentinel, "sendCommand">) => Promise<T>): Promise<T>;
  /** Since node-redis 6. */
  duplicate?(): NodeRedisSubscriber;
}

/** `createCluster()` of node-redis, connected. */
export interface NodeRedisCluster {
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean,
    command: (string | Uint8Array)[],
    options?: object,
  ): Promise<unknown>;
  readonly masters: readonly unknown[];
  nodeClient(node: unknown): SendsCommands | Promise<SendsCommands>;
  /** Since node-redis 6. */
  getNodeClientForKey?(key: string): Promise<SendsCommands>;
  duplicate(overrides: object): NodeRedisSubscriber;
}

// Raw commands go out as they are. A client's `keyPrefix` and client-side cache apply to typed commands only.
// 36 is "$", the type byte of a RESP string.
const plainOptions = { typeMapping: { 36: Buffer } };
// node-redis 6 makes an abort signal for each command that has a time limit, and gives every command one. What is sent without a
// signal of ours has its deadline from us.
const unlimitedOptions = { ...plainOptions, timeout: undefined };
const options = (abortSignal?: AbortSignal): object =>
  abortSignal ? { ...plainOptions, abortSignal } : unlimitedOptions;

const sendTo =
  (client: SendsCommands, signal?: AbortSignal): Send =>
  (command) =>
    client.sendCommand(command, options(signal));

/** Talks to one server. */
export function nodeRedisConnection(client: NodeRedisClient): RedisConnection {
  return connectionBy((_key, signal) => sendTo(client, signal), {
    openSubscriber: () => open(client.duplicate()),
  });
}

/** Talks to one server over several connections. */
export function nodeRedisPoolConnection(pool: NodeRedisPool): RedisConnection {
  return connectionBy((_key, signal) => sendTo(pool, signal), {
    pinned: (_key, signal, work) => pool.execute((client) => work(sendTo(client, signal))),
  });
}

/** Talks to the primary that Sentinel names. */
export function nodeRedisSentinelConnection(sentinel: NodeRedisSentinel): RedisConnection {
  const sendOver =
    (client: Pick<NodeRedisSentinel, "sendCommand">, signal?: AbortSignal): Send =>
    (command) =>
      client.sendCommand(false, [...command], options(signal));
  const duplicate = sentinel.duplicate?.bind(sentinel);
  return connectionBy((_key, signal) => sendOver(sentinel, signal), {
    pinned: (_key, signal, work) => sentinel.use((client) => work(sendOver(client, signal))),
    ...(duplicate && { openSubscriber: () => open(duplicate()) }),
  });
}

/** Talks to a cluster: each key to its primary, redirections followed. */
export function nodeRedisClusterConnection(cluster: NodeRedisCluster): RedisConnection {
  const to =
    (key: string, signal?: AbortSignal): Send =>
    (command) =>
      cluster.sendCommand(key, false, [...command], options(signal));
  return connectionBy(to, {
    // A cluster client keeps one connection per primary. node-redis 6 sends WAIT to all of them, whatever key it
    // is given, so it goes through the one node's client; all else through the cluster, which follows redirections.
    pinned: (key, signal, work) =>
      work(async (command) =>
        command[0] === "WAIT" && cluster.getNodeClientForKey
          ? sendTo(await cluster.getNodeClientForKey(key), signal)(command)
          : to(key, signal)(command),
      ),
    primaries: () => Promise.all(cluster.masters.map(async (node) => sendTo(await cluster.nodeClient(node)))),
    openSubscriber: () => open(cluster.duplicate({ minimizeConnections: true })),
  });
}

function open(connection: NodeRedisSubscriber): RedisSubscriber {
  // Without a listener an "error" event ends the process, and a lost notice is no reason for that.
  connection.on("error", () => undefined);
  const connected = connection.connect();
  return {
    subscribe: (channel, onMessage) => connected.then(() => connection.subscribe(channel, onMessage)),
    unsubscribe: (channel) => connected.then(() => connection.unsubscribe(channel)),
    end: async () => void (await connection.destroy()),
  };
}
