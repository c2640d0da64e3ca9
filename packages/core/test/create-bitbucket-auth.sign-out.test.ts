import { describe, expect, it } from "vitest";
import { createAuthUnderTest, freshTokens, grants } from "./auth-under-test.ts";
import { rejectionOf } from "./refresh/refresh-under-test.ts";

const twoHours = 7_200_000;
const signedOut = { code: "signed_out", account: "ann" };

describe("signOut()", () => {
  it("forgets the grant here and in the storage, and says so", async () => {
    const { auth, clock, another, requests } = createAuthUnderTest();
    const events: unknown[] = [];
    auth.on("signedIn", (event) => events.push(["in", event]));
    auth.on("signedOut", (event) => events.push(["out", event]));
    await auth.saveTokens("ann", freshTokens(clock));
    await auth.signOut("ann");
    expect(await rejectionOf(auth.getAccessToken("ann"))).toMatchObject(signedOut);
    expect(await rejectionOf(another().getAccessToken("ann"))).toMatchObject(signedOut);
    expect(requests).toEqual([]);
    expect(events).toEqual([
      ["in", { account: "ann" }],
      ["out", { account: "ann" }],
    ]);
  });

  it("serves no token while the storage is being told", async () => {
    const { auth, clock, storage } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    let during: Promise<unknown> = Promise.resolve();
    const { delete: remove } = storage;
    storage.delete = async (...args) => {
      const gone = await remove(...args);
      during = rejectionOf(auth.getAccessToken("ann"));
      return gone;
    };
    await auth.signOut("ann");
    expect(await during).toMatchObject(signedOut);
  });

  it("remembers nothing that was looked up before the storage was told", async () => {
    const { auth, clock, storage } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    const { delete: remove } = storage;
    storage.delete = async (...args) => {
      // Signing out has begun, and the record is still there for whoever looks.
      expect(await auth.getAccessToken("ann")).toBe("access-1");
      return remove(...args);
    };
    await auth.signOut("ann");
    expect(await rejectionOf(auth.getAccessToken("ann"))).toMatchObject(signedOut);
  });

  it("is not undone by a refresh that was under way", async () => {
    const { auth, clock, storage } = createAuthUnderTest([
      async () => {
        await auth.signOut("ann");
        return grants(2);
      },
    ]);
    await auth.saveTokens("ann", freshTokens(clock));
    clock.move(twoHours);
    expect(await rejectionOf(auth.getAccessToken("ann"))).toMatchObject(signedOut);
    expect(await rejectionOf(auth.getAccessToken("ann"))).toMatchObject(signedOut);
    expect(await storage.get("bitbucket.org/id/user/ann")).toBeNull();
  });

  it("can be followed by another sign-in", async () => {
    const { auth, clock } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    await auth.signOut("ann");
    await auth.saveTokens("ann", { ...freshTokens(clock), accessToken: "access-9" });
    expect(await auth.getAccessToken("ann")).toBe("access-9");
  });
});

describe("saveTokens()", () => {
  it("saves one after the other what is signed in at once, and serves the last", async () => {
    const { auth, clock, another } = createAuthUnderTest();
    const accessTokens = Array.from({ length: 20 }, (_, n) => `access-${n}`);
    await Promise.all(
      accessTokens.map((accessToken) => auth.saveTokens("ann", { ...freshTokens(clock), accessToken })),
    );
    expect(await auth.getAccessToken("ann")).toBe("access-19");
    expect(await another().getAccessToken("ann")).toBe("access-19");
  });

  it("is not served when the account was signed out while it was being saved", async () => {
    const { auth, clock, storage } = createAuthUnderTest();
    const { compareAndSwap } = storage;
    storage.compareAndSwap = async (...args) => {
      storage.compareAndSwap = compareAndSwap;
      const written = await compareAndSwap(...args);
      await auth.signOut("ann");
      return written;
    };
    await auth.saveTokens("ann", freshTokens(clock));
    expect(await rejectionOf(auth.getAccessToken("ann"))).toMatchObject(signedOut);
  });

  it("refuses what is no set of tokens, and saves nothing", async () => {
    const { auth, clock, storage } = createAuthUnderTest();
    const wrong = { ...freshTokens(clock), accessToken: "" };
    expect(await rejectionOf(auth.saveTokens("ann", wrong))).toMatchObject({ code: "invalid_options" });
    expect(await rejectionOf(auth.saveTokens("", freshTokens(clock)))).toMatchObject({
      code: "invalid_options",
    });
    expect(await Array.fromAsync(storage.list?.("") ?? [])).toEqual([]);
  });
});
