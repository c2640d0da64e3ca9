import { describe, expect, it } from "vitest";
import { createNotifications, type PgListenClient } from "../src/notifications.ts";

type Listener = Parameters<PgListenClient["on"]>[1];

/** A session that a test speaks for. */
function session(listens = true) {
  const statements: string[] = [];
  const listeners = new Set<Listener>();
  const client: PgListenClient = {
    async query(sql) {
      statements.push(sql);
      if (!listens) throw new Error("closed");
    },
    on: (_event, listener) => listeners.add(listener),
    removeListener: (_event, listener) => listeners.delete(listener),
  };
  const notify = (channel: string, payload?: string): void => {
    for (const listener of listeners) listener({ channel, payload });
  };
  return { client, statements, listeners, notify };
}

describe("createNotifications()", () => {
  it("listens from the first listener on, once, and tells each of its own key", () => {
    const { client, statements, notify } = session();
    const notifications = createNotifications(client, "tokens");
    expect(statements).toEqual([]);
    const heard: string[] = [];
    const stop = notifications.listen("a", () => heard.push("a"));
    notifications.listen("a", () => heard.push("a again"));
    notifications.listen("b", () => heard.push("b"));
    expect(statements).toEqual(['LISTEN "tokens"']);
    notify("tokens", "a");
    notify("other", "a");
    notify("tokens");
    stop();
    stop();
    notify("tokens", "a");
    expect(heard).toEqual(["a", "a again", "a again"]);
  });

  it("is silent where the session cannot listen", async () => {
    const { client } = session(false);
    const notifications = createNotifications(client, "tokens");
    notifications.listen("a", () => undefined);
    await expect(notifications.close()).resolves.toBeUndefined();
  });

  it("leaves the session as it was when it is closed, and calls no listener afterwards", async () => {
    const { client, statements, listeners } = session();
    const notifications = createNotifications(client, "tokens");
    await notifications.close();
    notifications.listen("a", () => undefined);
    expect(statements).toEqual([]);
    const used = createNotifications(client, "tokens");
    used.listen("a", () => undefined);
    await used.close();
    await used.close();
    expect(statements).toEqual(['LISTEN "tokens"', 'UNLISTEN "tokens"']);
    expect(listeners.size).toBe(0);
  });
});
