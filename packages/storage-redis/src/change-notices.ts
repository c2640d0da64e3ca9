import type { RedisSubscriber } from "./redis-connection.js";

/** Tells of messages on channels, over one connection that is opened when somebody first listens. */
export interface ChangeNotices {
  /** Calls `onChange` at each message until the answer is called. A hint: what cannot be heard is lost in silence. */
  listen(channel: string, onChange: () => void): () => void;
  /** Closes the connection, if there is one. */
  close(): Promise<void>;
}

const nothing = (): undefined => undefined;

/** Shares one subscriber between all listeners, and one subscription between the listeners of a channel. */
export function createChangeNotices(open: () => RedisSubscriber): ChangeNotices {
  const channels = new Map<string, Set<() => void>>();
  let subscriber: RedisSubscriber | undefined;

  return {
    listen(channel, onChange) {
      const listener = (): void => onChange();
      const listeners = channels.get(channel) ?? new Set();
      channels.set(channel, listeners.add(listener));
      const current = (subscriber ??= open());
      if (listeners.size === 1) {
        const tellAll = (): void => channels.get(channel)?.forEach((tell) => tell());
        current.subscribe(channel, tellAll).catch(nothing);
      }
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        channels.delete(channel);
        current.unsubscribe(channel).catch(nothing);
      };
    },
    async close() {
      const current = subscriber;
      subscriber = undefined;
      channels.clear();
      await current?.end().catch(nothing);
    },
  };
}
