import { afterEach, describe, expect, it, vi } from "vitest";
import { createBitbucketClient, LocalStorage, SessionStorage } from "../src/index.ts";
import { createFakePage, thrownBy } from "./fake-page.ts";

const client = { client_id: "key", redirect_uri: "https://app.test/callback" };

afterEach(() => vi.unstubAllGlobals());

describe.each([
  ["sessionStorage", SessionStorage],
  ["localStorage", LocalStorage],
] as const)("the storage on %s", (name, PageStorage) => {
  it("is looked up at each use", () => {
    const storage = new PageStorage();
    const { storage: area } = createFakePage();
    vi.stubGlobal(name, area);
    storage.setItem("a", "1");
    expect([storage.getItem("a"), area.entries.get("a")]).toEqual(["1", "1"]);
    storage.removeItem("a");
    expect(storage.getItem("a")).toBeNull();
  });

  it("throws a typed error where the browser forbids it", () => {
    const page = createFakePage();
    const options = { client, location: page.location, storage: new PageStorage() };
    vi.stubGlobal(name, undefined);
    expect(thrownBy(() => createBitbucketClient(options).authorize())).toMatchObject({
      code: "storage_failed",
    });
    vi.stubGlobal(name, {
      setItem: () => {
        throw new DOMException("full", "QuotaExceededError");
      },
    });
    expect(thrownBy(() => createBitbucketClient(options).authorize())).toMatchObject({
      code: "storage_failed",
      transient: false,
    });
    expect(page.visited).toEqual([]);
  });
});

it("createBitbucketClient() keeps the state in sessionStorage by default", () => {
  const { storage } = createFakePage();
  vi.stubGlobal("sessionStorage", storage);
  createBitbucketClient({ client, location: createFakePage().location }).authorize();
  expect([...storage.entries.keys()]).toEqual(["oauth-state"]);
});
