import { createMemoryStorage } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { readFields } from "../../src/remote/json-fields.ts";
import { fetchAtPoints, loadClient, storageAtPoints, type StormPoint } from "../../src/storm/storm-client.ts";

const moduleThat = (exports: string): string => `data:text/javascript,${encodeURIComponent(exports)}`;

const load = (worker: string) =>
  loadClient(
    readFields({
      worker,
      settings: { directory: "/somewhere" },
      clientOptions: {
        clientId: "key",
        clientSecret: "secret",
        endpoints: { authorizationUrl: "http://a", tokenUrl: "http://t", apiUrl: "http://i" },
      },
    }),
    { clock: { now: () => 7 }, reach: async () => undefined, count: () => undefined },
  );

describe("loadClient()", () => {
  it("hands the module what it was given and what belongs to the fake", async () => {
    const client = await load(
      moduleThat(`export const createClient = ({ settings, clientOptions }) => ({
        getAccessToken: async () => [settings.directory, clientOptions.clientId, clientOptions.clock.now()].join(),
      })`),
    );
    expect(await client.getAccessToken("alice")).toBe("/somewhere,key,7");
  });

  it.each([
    ["exports nothing of the name", "export const other = 1", /exports no createClient/],
    ["exports something else under it", "export const createClient = 1", /is not a function/],
  ])("rejects a module that %s", async (_, exports, message) => {
    await expect(load(moduleThat(exports))).rejects.toThrow(message);
  });
});

const bytes = new Uint8Array(4);

/** Writes down where it was. */
function recorder() {
  const points: StormPoint[] = [];
  return { points, reach: async (point: StormPoint) => void points.push(point) };
}

describe("storageAtPoints()", () => {
  it("tells the steps of a refresh apart from outside", async () => {
    const { points, reach } = recorder();
    const storage = storageAtPoints(createMemoryStorage(), reach);
    const lease = await storage.tryLease("k", { owner: "me", ttlMs: 1_000 });
    await storage.get("k");
    await storage.compareAndSwap("k", null, bytes, { version: "announced" });
    await lease?.renew(1_000);
    await storage.compareAndSwap("k", "announced", bytes, { version: "saved" });
    await lease?.release();

    expect(points).toEqual([
      "before-lease",
      "lease-held",
      "intent-written",
      "before-save",
      "saved",
      "before-release",
    ]);
  });

  it("does not stop a sign-in, a write that loses, or a lease that is refused", async () => {
    const { points, reach } = recorder();
    const inner = createMemoryStorage();
    const storage = storageAtPoints(inner, reach);
    await storage.compareAndSwap("k", null, bytes, { version: "signed in" });
    expect(points).toEqual([]);

    await inner.tryLease("k", { owner: "another owner", ttlMs: 1_000 });
    expect(await storage.tryLease("k", { owner: "me", ttlMs: 1_000 })).toBeNull();
    expect(points).toEqual(["before-lease"]);

    await storage.tryLease("other", { owner: "me", ttlMs: 1_000 });
    await storage.compareAndSwap("other", "wrong", bytes, { version: "v" });
    expect(points).toEqual(["before-lease", "before-lease", "lease-held"]);
  });

  it("holds every caller that arrives until it is let go", async () => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const inner = createMemoryStorage();
    const storage = storageAtPoints(inner, async (point) => (point === "before-lease" ? held : undefined));
    const taken = storage.tryLease("k", { owner: "me", ttlMs: 60_000 });
    const lease = await inner.tryLease("k", { owner: "another owner", ttlMs: 60_000 });
    expect(lease).not.toBeNull();
    letGo();
    expect(await taken).toBeNull();
  });

  it("offers what the storage offers, and nothing else", () => {
    const full = createMemoryStorage();
    const { list: _, watch: __, ...plain } = full;
    const reach = async (): Promise<void> => undefined;
    expect(Object.keys(storageAtPoints(full, reach))).toEqual(expect.arrayContaining(["list", "watch"]));
    expect(Object.keys(storageAtPoints(plain, reach))).not.toEqual(expect.arrayContaining(["list"]));
    expect(storageAtPoints(full, reach).caps).toBe(full.caps);
  });
});

describe("fetchAtPoints()", () => {
  it("stops on either side of a token request and nowhere else", async () => {
    const { points, reach } = recorder();
    const sent: string[] = [];
    const fetch = fetchAtPoints(
      async () => {
        sent.push(`${points.length}`);
        return new Response();
      },
      "http://fake/token",
      reach,
    );
    await fetch("http://fake/2.0/user");
    expect(points).toEqual([]);
    await fetch("http://fake/token", { method: "POST" });
    await fetch(new Request("http://fake/token", { method: "POST" }));
    expect(points).toEqual(["before-send", "after-send", "before-send", "after-send"]);
    expect(sent).toEqual(["0", "1", "3"]);
  });
});
