import { InvalidOptionsError } from "@bitbucket-auth/core";

/** A connected `Client` of `pg` that nothing else uses: it listens, and a pooled connection cannot. */
export interface PgListenClient {
  query(sql: string): Promise<unknown>;
  on(
    event: "notification",
    listener: (message: { channel: string; payload?: string | undefined }) => void,
  ): unknown;
  removeListener(
    event: "notification",
    listener: (message: { channel: string; payload?: string | undefined }) => void,
  ): unknown;
}

/** Reports changed keys, received over one connection. */
export interface Notifications {
  /** Calls `onChange` at each change until the answer is called. A hint: a notice that is not received is lost without an error. */
  listen(key: string, onChange: () => void): () => void;
  /** Stops listening. The connection stays its owner's. */
  close(): Promise<void>;
}

const nothing = (): undefined => undefined;

/** Listens to a channel of PostgreSQL from the first listener on. */
export function createNotifications(client: PgListenClient, channel: string): Notifications {
  if (
    typeof client !== "object" ||
    client === null ||
    !("query" in client && "on" in client && "removeListener" in client)
  ) {
    throw new InvalidOptionsError(
      "`watch.listen` must be a connected Client of pg that is used for nothing else: a pool cannot listen.",
    );
  }
  const listeners = new Map<string, Set<() => void>>();
  let isListening = false;
  let closed = false;
  const onNotification = (message: { channel: string; payload?: string | undefined }): void => {
    if (message.channel !== channel) return;
    for (const tell of listeners.get(message.payload ?? "") ?? []) tell();
  };
  const begin = (): void => {
    if (isListening) return;
    isListening = true;
    client.on("notification", onNotification);
    // Note: where it cannot listen no hint arrives, and waiting callers poll, as they do without.
    client.query(`LISTEN "${channel}"`).catch(nothing);
  };

  return {
    listen(key, onChange) {
      if (closed) return nothing;
      begin();
      const listener = (): void => onChange();
      const mine = listeners.get(key) ?? new Set();
      listeners.set(key, mine.add(listener));
      return () => {
        mine.delete(listener);
        if (mine.size === 0 && listeners.get(key) === mine) listeners.delete(key);
      };
    },
    async close() {
      closed = true;
      listeners.clear();
      if (!isListening) return;
      isListening = false;
      client.removeListener("notification", onNotification);
      await client.query(`UNLISTEN "${channel}"`).catch(nothing);
    },
  };
}
