import type { RedisSubscriber } from "./redis-connection.js";

/** Messages on channels, over one connection that is opened for the first listener. */
export interface ChangeNotices {
  /** Calls `onChange` at each message until the returned function is called. A hint: messages during an outage are lost. */
  listen(channel: string, onChange: () => void): () => void;
  /** Closes the connection, if there is one. */
  close(): Promise<void>;
}

const nothing = (): undefined => undefined;

/** Shares one subscriber between all listeners, and one subscription between the listeners of a channel. */
export function createChangeNotices(open: () => RedisSubscriber): ChangeNotices {
  const channels = new Map<string, Set<() => void>>();
  const subscribed = new Set<string>();
  let subscriber: RedisSubscriber | undefined;
  let closed = false;
  // One step after the other: a client that is still leaving a channel drops a subscription made meanwhile.
  let last: Promise<unknown> = Promise.resolve();

  const follow = async (channel: string): Promise<void> => {
    const isWanted = channels.has(channel);
    if (closed || isWanted === subscribed.has(channel)) return;
    subscriber ??= open();
    if (isWanted) {
      await subscriber.subscribe(channel, () => channels.get(channel)?.forEach((tell) => tell()));
      subscribed.add(channel);
    } else {
      subscribed.delete(channel);
      await subscriber.unsubscribe(channel);
    }
  };
  const followInTurn = (channel: string): void => {
    last = last.then(() => follow(channel)).catch(nothing);
  };

  return {
    listen(channel, onChange) {
      if (closed) return nothing;
      const listener = (): void => onChange();
      const listeners = channels.get(channel) ?? new Set();
      channels.set(channel, listeners.add(listener));
      followInTurn(channel);
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        channels.delete(channel);
        followInTurn(channel);
      };
    },
    async close() {
      closed = true;
      channels.clear();
      const current = subscriber;
      subscriber = undefined;
      await current?.end().catch(nothing);
    },
  };
}
