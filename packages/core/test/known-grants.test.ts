import { describe, expect, it } from "vitest";
import { knownGrants } from "../src/internal.ts";
import { jsonResponse } from "./fake-fetch.ts";
import { createAuthUnderTest, freshTokens, grants, hour, minute } from "./auth-under-test.ts";

describe("knownGrants()", () => {
  it("has a grant ready while its token can be handed out from memory, and no longer", async () => {
    const { auth, clock } = createAuthUnderTest();
    const { ready } = knownGrants(auth);
    expect(ready("ann")).toBeUndefined();
    await auth.saveTokens("ann", freshTokens(clock));
    expect(ready("ann")?.signedInAt).toBe(clock.now());
    clock.move(minute);
    expect(ready("ann")).toBeUndefined();
    await auth.getAccessToken("ann");
    expect(ready("ann")).toBeDefined();
    await auth.signOut("ann");
    expect(ready("ann")).toBeUndefined();
    await auth.saveTokens("ann", freshTokens(clock));
    await auth.close();
    expect(ready("ann")).toBeUndefined();
  });

  it("reads a grant whose token has run out without refreshing it, and the storage once a minute", async () => {
    const { auth, clock, calls, sent } = createAuthUnderTest([grants(2)]);
    await auth.saveTokens("ann", freshTokens(clock));
    const signedInAt = clock.now();
    clock.move(2 * hour);
    const { read } = knownGrants(auth);
    const before = calls.get.length;
    const all = await Promise.all([read("ann"), read("ann"), read("ann")]);
    expect(all.map((grant) => grant.signedInAt)).toEqual([signedInAt, signedInAt, signedInAt]);
    expect((await read("ann")).signedInAt).toBe(signedInAt);
    expect(calls.get.slice(before)).toHaveLength(1);
    expect(sent()).toEqual([]);
    expect(await auth.getAccessToken("ann")).toBe("access-2");
  });

  it("hears within a minute of a sign-out in another process, and rejects what is signed out", async () => {
    const { auth, clock, another } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    await another().signOut("ann");
    clock.move(minute);
    await expect(knownGrants(auth).read("ann")).rejects.toMatchObject({ code: "signed_out" });
  });

  it("rejects a grant that Bitbucket has ended once its token has run out, without a request", async () => {
    const { auth, clock, store, sent } = createAuthUnderTest([grants(2)]);
    await auth.saveTokens("ann", freshTokens(clock));
    await store({ status: "reauth_required", accessExpiresAt: clock.now() + hour, obtainedAt: clock.now() });
    clock.move(minute);
    await expect(knownGrants(auth).read("ann")).resolves.toBeDefined();
    clock.move(hour);
    await expect(knownGrants(auth).read("ann")).rejects.toMatchObject({ action: "reauthorize" });
    expect(sent()).toEqual([]);
  });

  it("rejects a grant that Bitbucket has refused to renew, before it is asked again", async () => {
    const { auth, clock, sent } = createAuthUnderTest([
      () => jsonResponse({ error: "invalid_grant" }, { status: 400 }),
    ]);
    await auth.saveTokens("ann", freshTokens(clock));
    clock.move(2 * hour);
    await expect(auth.getTokens("ann")).rejects.toMatchObject({ code: "refresh_rejected" });
    const before = sent().length;
    await expect(knownGrants(auth).read("ann")).rejects.toMatchObject({ code: "refresh_rejected" });
    expect(sent()).toHaveLength(before);
  });

  it("goes on with what is remembered while the storage is down, however old the token is", async () => {
    const { auth, clock, script } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    clock.move(3 * hour);
    const down = { before: new Error("down") };
    script("get", down, down);
    expect(await knownGrants(auth).read("ann")).toBeDefined();
    await expect(knownGrants(auth).read("bob")).rejects.toMatchObject({ code: "storage_failed" });
  });

  it("rejects after close()", async () => {
    const { auth, clock } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    await auth.close();
    await expect(knownGrants(auth).read("ann")).rejects.toMatchObject({ code: "closed" });
  });

  it("asks an object of another make for its tokens", async () => {
    const { auth, clock } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    const grantsOfCopy = knownGrants({ ...auth });
    expect(grantsOfCopy.ready("ann")).toBeUndefined();
    expect((await grantsOfCopy.read("ann")).signedInAt).toBe(clock.now());
  });
});
