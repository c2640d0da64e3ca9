import { type AuthUnderTest, createAuthUnderTest, freshTokens, grants } from "./auth-under-test.ts";
import { jsonResponse } from "./fake-fetch.ts";
import { recordsWithoutSignedInAt } from "./fixtures/records-of-0.ts";
import { describe, expect, it } from "vitest";

const twoHours = 7_200_000;
const key = "bitbucket.org/id/user/ann";
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("signedInAt", () => {
  it("is when the first sign-in was saved, and stays through a refresh", async () => {
    const { auth, clock, another } = createAuthUnderTest([grants(2)]);
    const signedInAt = clock.now();
    await auth.saveTokens("ann", freshTokens(clock));
    expect((await auth.getTokens("ann")).signedInAt).toBe(signedInAt);
    clock.move(twoHours);
    const refreshed = await auth.getTokens("ann");
    expect([refreshed.accessToken, refreshed.signedInAt]).toEqual(["access-2", signedInAt]);
    expect((await another().getTokens("ann")).signedInAt).toBe(signedInAt);
  });

  it("is on this machine's clock, also when Bitbucket's differs", async () => {
    const { auth, clock } = createAuthUnderTest([
      () =>
        jsonResponse(
          { access_token: "access-2", refresh_token: "refresh-2", token_type: "bearer" },
          { headers: { date: new Date(clock.now() + twoHours).toUTCString() } },
        ),
    ]);
    const signedInAt = clock.now();
    await auth.saveTokens("ann", freshTokens(clock));
    clock.move(twoHours);
    expect((await auth.getTokens("ann")).signedInAt).toBe(signedInAt);
  });

  it("is in the result of finishAuthorization() and kept by a second sign-in that finds the grant alive", async () => {
    const { auth, clock } = createAuthUnderTest([grants(2), grants(3)]);
    const signIn = async (): Promise<number | undefined> => {
      const { transaction } = await auth.startAuthorization();
      const callback = `?code=code&state=${transaction.state}`;
      return (await auth.finishAuthorization({ callback, transaction, account: "ann" })).tokens.signedInAt;
    };
    const signedInAt = clock.now();
    expect(await signIn()).toBe(signedInAt);
    clock.move(60_000);
    expect(await signIn()).toBe(signedInAt);
  });

  it("is new after a sign-out, in every process", async () => {
    const { auth, clock, another } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    await auth.signOut("ann");
    clock.move(60_000);
    await auth.saveTokens("ann", freshTokens(clock));
    expect((await auth.getTokens("ann")).signedInAt).toBe(clock.now());
    expect((await another().getTokens("ann")).signedInAt).toBe(clock.now());
  });

  it("is later after a sign-out than before, also when the clock stands still or was set back", async () => {
    const { auth, clock } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    const { signedInAt = 0 } = await auth.getTokens("ann");
    await auth.signOut("ann");
    clock.move(-60_000);
    await auth.saveTokens("ann", freshTokens(clock));
    expect((await auth.getTokens("ann")).signedInAt).toBeGreaterThan(signedInAt);
  });

  it("is new when what is stored cannot be read", async () => {
    const { auth, clock, storage } = createAuthUnderTest();
    await storage.compareAndSwap(key, null, utf8("junk"), { version: "v1" });
    await auth.saveTokens("ann", freshTokens(clock));
    expect((await auth.getTokens("ann")).signedInAt).toBe(clock.now());
  });

  it("is one and the same for twenty sign-ins at once", async () => {
    const { auth, clock, another } = createAuthUnderTest();
    const processes = [auth, another(), another(), another()];
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => {
        clock.move(1);
        return processes[n % 4]?.saveTokens("ann", freshTokens(clock));
      }),
    );
    const seen = await Promise.all(processes.map(async (each) => (await each.getTokens("ann")).signedInAt));
    expect(new Set(seen).size).toBe(1);
  });

  it("is absent for the consumer's own token", async () => {
    const { auth } = createAuthUnderTest([grants(2)]);
    expect((await auth.getTokens()).signedInAt).toBeUndefined();
  });

  it("shows in what a log may say of a token set", async () => {
    const { auth, clock } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    expect((await auth.getTokens("ann")).toJSON().signedInAt).toBe(clock.now());
  });
});

describe("a record written before signedInAt was kept", () => {
  const storedThen = async (bytes: string): Promise<AuthUnderTest> => {
    const made = createAuthUnderTest([grants(3)]);
    await made.storage.compareAndSwap(key, null, utf8(bytes), { version: "v1" });
    made.clock.move(1_796_029_260_000 - made.clock.now());
    return made;
  };

  it.each(Object.entries(recordsWithoutSignedInAt))("is served (%s)", async (_name, bytes) => {
    const { auth, requests } = await storedThen(bytes);
    const tokens = await auth.getTokens("ann");
    expect(bytes).toContain(`"accessToken":"${tokens.accessToken}"`);
    expect([tokens.signedInAt, tokens.scopes]).toEqual([undefined, ["account", "repository"]]);
    expect(requests.length).toBeLessThanOrEqual(1);
  });

  it.each(Object.entries(recordsWithoutSignedInAt))("is refreshed (%s)", async (_name, bytes) => {
    const { auth, clock } = await storedThen(bytes);
    clock.move(1_796_043_600_000 - clock.now());
    const tokens = await auth.getTokens("ann");
    expect([tokens.accessToken, tokens.signedInAt]).toEqual(["access-3", undefined]);
  });

  it("keeps the time unknown at a sign-in that finds it alive, and has one after a sign-out", async () => {
    const { auth, clock } = await storedThen(recordsWithoutSignedInAt.saved);
    await auth.saveTokens("ann", freshTokens(clock));
    expect((await auth.getTokens("ann")).signedInAt).toBeUndefined();
    await auth.signOut("ann");
    await auth.saveTokens("ann", freshTokens(clock));
    expect((await auth.getTokens("ann")).signedInAt).toBe(clock.now() + 1);
  });
});
