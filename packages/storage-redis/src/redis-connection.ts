/** A command as Redis reads it: its name, then its arguments. */
export type RedisCommand = readonly [name: string, ...args: (string | Uint8Array)[]];

/** Sends one command. Strings in the reply arrive as bytes; what Redis refuses rejects with the client's own error. */
export type Send = (command: RedisCommand) => Promise<unknown>;

/** Receives messages on channels, over a connection of our own. */
export interface RedisSubscriber {
  subscribe(channel: string, onMessage: () => void): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  /** Closes the connection, whether or not it was ever there. */
  end(): Promise<void>;
}

/** The few things a storage asks of a Redis client, whichever library and topology it comes from. */
export interface RedisConnection {
  /** What the client itself puts in front of keys. It does so neither in patterns nor in what SCAN gives back. */
  readonly keyPrefix: string;
  /** Whether a plain read may be answered by a replica, which can be behind. Scripts go to the primary always. */
  readonly readsReplicas: boolean;
  /** A `send` to the primary that owns `key`. When the signal fires, what has not left yet may be withdrawn. */
  readonly to: (key: string, signal?: AbortSignal) => Send;
  /** Runs `work` with a `send` that stays on one connection to the primary that owns `key`. */
  pinned<T>(key: string, signal: AbortSignal, work: (send: Send) => Promise<T>): Promise<T>;
  /** A `send` for each primary. */
  primaries(): Promise<readonly Send[]>;
  /** Opens a second connection with the client's own settings. Absent when the client cannot be duplicated. */
  readonly openSubscriber?: () => RedisSubscriber;
}

/** A connection to one server, from its `send`. Clients that differ say in what. */
export function connectionBy(
  to: RedisConnection["to"],
  differences: Partial<RedisConnection> = {},
): RedisConnection {
  return {
    keyPrefix: "",
    readsReplicas: false,
    to,
    pinned: (key, signal, work) => work(to(key, signal)),
    primaries: async () => [to("")],
    ...differences,
  };
}
