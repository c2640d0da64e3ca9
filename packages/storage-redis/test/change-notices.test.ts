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

/** Lets what was begun go on until there is nothing left to do. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe("createChangeNotices()", () => {
  it("opens one connection, for the first listener", async () => {
    const open = vi.fn<() => RedisSubscriber>(fakeSubscriber);
    const notices = createChangeNotices(open);
    expect(open).not.toHaveBeenCalled();
    notices.listen("a", () => undefined);
    notices.listen("b", () => undefined);
    await settled();
    expect(open).toHaveBeenCalledTimes(1);
  });

  it("calls every listener of the channel, and no other", async () => {
    const subscriber = fakeSubscriber();
    const notices = createChangeNotices(() => subscriber);
    const heard: string[] = [];
    for (const name of ["a", "a", "b"]) notices.listen(name, () => heard.push(name));
    await settled();
    subscriber.channels.get("a")?.();
    expect(heard).toEqual(["a", "a"]);
  });

  it("takes the same function twice for two listeners", async () => {
    const subscriber = fakeSubscriber();
    const notices = createChangeNotices(() => subscriber);
    const onChange = vi.fn<() => void>();
    const stop = notices.listen("a", onChange);
    notices.listen("a", onChange);
    stop();
    await settled();
    subscriber.channels.get("a")?.();
    expect(onChange).toHaveBeenCalledTimes(1);
  });

  it("unsubscribes when the last listener of a channel stops, however often it stops", async () => {
    const subscriber = fakeSubscriber();
    const notices = createChangeNotices(() => subscriber);
    const [one, other] = [notices.listen("a", () => undefined), notices.listen("a", () => undefined)];
    one();
    one();
    await settled();
    expect([...subscriber.channels.keys()]).toEqual(["a"]);
    other();
    await settled();
    expect([...subscriber.channels.keys()]).toEqual([]);
  });

  it("joins a channel only when it has left it, and not for nothing", async () => {
    const steps: string[] = [];
    let leave: () => void = () => undefined;
    const notices = createChangeNotices(() => ({
      ...fakeSubscriber(),
      subscribe: async () => void steps.push("join"),
      unsubscribe: () =>
        new Promise<void>((resolve) => {
          steps.push("leave");
          leave = resolve;
        }),
    }));
    notices.listen("a", () => undefined)();
    notices.listen("a", () => undefined);
    await settled();
    expect(steps).toEqual(["join"]);
    const stop = notices.listen("b", () => undefined);
    await settled();
    stop();
    await settled();
    notices.listen("b", () => undefined);
    await settled();
    expect(steps).toEqual(["join", "join", "leave"]);
    leave();
    await settled();
    expect(steps).toEqual(["join", "join", "leave", "join"]);
  });

  it("tries again to join a channel that it could not join", async () => {
    const subscribe = vi.fn<RedisSubscriber["subscribe"]>().mockRejectedValueOnce(new Error("no"));
    const notices = createChangeNotices(() => ({ ...fakeSubscriber(), subscribe }));
    notices.listen("a", () => undefined);
    await settled();
    notices.listen("a", () => undefined);
    await settled();
    expect(subscribe).toHaveBeenCalledTimes(2);
  });

  it("survives a subscriber that fails at everything", async () => {
    const fail = (): Promise<never> => Promise.reject(new Error("no"));
    const notices = createChangeNotices(() => ({ subscribe: fail, unsubscribe: fail, end: fail }));
    notices.listen("a", () => undefined);
    await settled();
    await expect(notices.close()).resolves.toBeUndefined();
  });

  it("opens nothing once it is closed", async () => {
    const open = vi.fn<() => RedisSubscriber>(fakeSubscriber);
    const notices = createChangeNotices(open);
    await notices.close();
    notices.listen("a", () => undefined)();
    await settled();
    expect(open).not.toHaveBeenCalled();
  });

  it("ends its connection once, and none that it never opened", async () => {
    const subscriber = fakeSubscriber();
    const unused = createChangeNotices(() => subscriber);
    await unused.close();
    expect(subscriber.ended()).toBe(0);
    const notices = createChangeNotices(() => subscriber);
    notices.listen("a", () => undefined);
    await settled();
    await notices.close();
    await notices.close();
    expect(subscriber.ended()).toBe(1);
  });
});
