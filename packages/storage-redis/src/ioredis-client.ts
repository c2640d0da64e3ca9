import {
  connectionBy,
  type RedisCommand,
  type RedisConnection,
  type RedisSubscriber,
  type Send,
} from "./redis-connection.js";

/** What is needed of a connection that ioredis duplicated for us. */
export interface IoredisSubscriber {
  on(event: "error", listener: () => void): unknown;
  on(event: "message", listener: (channel: string) => void): unknown;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  disconnect(): void;
}

interface SendsPipelines {
  pipeline(commands: [name: string, ...args: unknown[]][]): {
    exec(): Promise<readonly (readonly [Error | null, unknown])[] | null>;
  };
}

/** `new Redis()` of ioredis, connected to a server or by way of Sentinel. */
export interface IoredisClient extends SendsPipelines {
  readonly options: { readonly keyPrefix?: string | undefined };
  duplicate(): IoredisSubscriber;
}

/** `new Cluster()` of ioredis. */
export interface IoredisCluster extends SendsPipelines {
  readonly options: { readonly keyPrefix?: string | undefined; readonly scaleReads?: unknown };
  nodes(role: "master"): readonly SendsPipelines[];
  duplicate(): IoredisSubscriber;
}

// Always a pipeline, even of one: under `enableAutoPipelining` a bare `callBuffer` loses the command's name. Resolves
// with the reply to the first command.
async function exec(client: SendsPipelines, commands: readonly RedisCommand[]): Promise<unknown> {
  const replies = await client
    .pipeline(commands.map(([name, ...args]) => ["callBuffer", name.toLowerCase(), ...args]))
    .exec();
  for (const [error] of replies ?? []) if (error) throw error;
  return replies?.[0]?.[1];
}

const sendTo =
  (client: SendsPipelines): Send =>
  (command) =>
    exec(client, [command]);

/** Talks to one server, or to the primary that Sentinel names. */
export function ioredisConnection(client: IoredisClient): RedisConnection {
  return connectionBy(() => sendTo(client), {
    keyPrefix: client.options.keyPrefix ?? "",
    openSubscriber: () => listen(client.duplicate()),
  });
}

/** Talks to a cluster: each key to its primary, redirections followed. */
export function ioredisClusterConnection(cluster: IoredisCluster): RedisConnection {
  const { keyPrefix = "", scaleReads = "master" } = cluster.options;
  return connectionBy(() => sendTo(cluster), {
    keyPrefix,
    readsReplicas: scaleReads !== "master",
    // WAIT names no key. A pipeline goes to one node, which the key in it decides; its first command decides that
    // it is the primary, so EXISTS comes second.
    pinned: (key, _signal, work) =>
      work((command) => exec(cluster, command[0] === "WAIT" ? [command, ["EXISTS", key]] : [command])),
    primaries: async () => cluster.nodes("master").map(sendTo),
    openSubscriber: () => listen(cluster.duplicate()),
  });
}

function listen(connection: IoredisSubscriber): RedisSubscriber {
  const listeners = new Map<string, () => void>();
  // Without a listener an "error" event is printed to stderr. A lost notice needs no message.
  connection.on("error", () => undefined);
  connection.on("message", (channel) => listeners.get(channel)?.());
  return {
    subscribe: (channel, onMessage) => {
      listeners.set(channel, onMessage);
      return connection.subscribe(channel);
    },
    unsubscribe: (channel) => {
      listeners.delete(channel);
      return connection.unsubscribe(channel);
    },
    end: async () => connection.disconnect(),
  };
}
