import { describe, expect, it, vi } from "vitest";
import { createChangeNotices } from "../src/change-notices.ts";
import type { RedisSubscriber } from "../src/redis-connection.ts";

interface FakeSubscriber extends RedisSubscriber {
  readonly channels: Map<string, () => void>;
  readonly ended: () => number;
}

function fakeSubscriber(): FakeSubscriber {
  const channels = new Map<string, () => void>();
  let ended = 0;
  return {
    channels,
    ended: () => ended,
    subscribe: async (channel, onMessage) => void channels.set(channel, onMessage),
    unsubscribe: async (channel) => void channels.delete(channel),
    end: async () => void (ended += 1),
  };
}

describe("createChangeNotices()", () => {
  it("opens one connection, when somebody first listens", () => {
    const open = vi.fn<() => RedisSubscriber>(fakeSubscriber);
    const notices = createChangeNotices(open);
    expect(open).not.toHaveBeenCalled();
    notices.listen("a", () => undefined);
    notices.listen("b", () => undefined);
    expect(open).toHaveBeenCalledTimes(1);
  });

  it("tells every listener of the channel, and no other", () => {
    const subscriber = fakeSubscriber();
    const notices = createChangeNotices(() => subscriber);
    const heard: string[] = [];
    for (const name of ["a", "a", "b"]) notices.listen(name, () => heard.push(name));
    subscriber.channels.get("a")?.();
    expect(heard).toEqual(["a", "a"]);
  });

  it("takes the same function twice for two listeners", () => {
    const subscriber = fakeSubscriber();
    const notices = createChangeNotices(() => subscriber);
    const onChange = vi.fn<() => void>();
    const stop = notices.listen("a", onChange);
    notices.listen("a", onChange);
    stop();
    subscriber.channels.get("a")?.();
    expect(onChange).toHaveBeenCalledTimes(1);
  });

  it("unsubscribes when the last listener of a channel stops, however often it stops", () => {
    const subscriber = fakeSubscriber();
    const notices = createChangeNotices(() => subscriber);
    const [one, other] = [notices.listen("a", () => undefined), notices.listen("a", () => undefined)];
    one();
    one();
    expect([...subscriber.channels.keys()]).toEqual(["a"]);
    other();
    expect([...subscriber.channels.keys()]).toEqual([]);
  });

  it("survives a subscriber that fails at everything", async () => {
    const fail = (): Promise<never> => Promise.reject(new Error("no"));
    const notices = createChangeNotices(() => ({ subscribe: fail, unsubscribe: fail, end: fail }));
    notices.listen("a", () => undefined)();
    await expect(notices.close()).resolves.toBeUndefined();
  });

  it("ends its connection once, and none that it never opened", async () => {
    const subscriber = fakeSubscriber();
    const unused = createChangeNotices(() => subscriber);
    await unused.close();
    expect(subscriber.ended()).toBe(0);
    const notices = createChangeNotices(() => subscriber);
    notices.listen("a", () => undefined);
    await notices.close();
    await notices.close();
    expect(subscriber.ended()).toBe(1);
  });
});
