import { describe, expect, it } from "vitest";
import { createSessionJudge, signedInAtFrom, type Session } from "../src/session.js";
import { createCookieSealer } from "../src/cookies.js";
import { createAuth, createWorld, secret, signIn, type World } from "@bitbucket-auth/web-suite/sample.js";
import { webApp } from "./web-app.js";

/** A session that starts now, under whatever grant there is. */
async function sessionOf({ auth, mock }: World, account: string): Promise<Session> {
  const signedInAt = signedInAtFrom(await auth.getTokens(account));
  return { account, issuedAt: mock.clock.now(), signedInAt };
}

describe("createSessionJudge()", () => {
  it("lets sessions that start at once live beside each other", async () => {
    const world = createWorld();
    const grants = Array.from({ length: 20 }, () => world.mock.issueGrant().tokens);
    await Promise.all(grants.map((tokens) => world.auth.saveTokens("alice", tokens)));
    const judge = createSessionJudge(world.auth);
    const first = await sessionOf(world, "alice");
    await world.auth.saveTokens("alice", world.mock.issueGrant().tokens);
    expect(await judge.isLive(first)).toBe(true);
    expect(await judge.isLive(await sessionOf(world, "alice"))).toBe(true);
  });

  it("ends every session so far on sign-out, and none that starts later", async () => {
    const world = createWorld();
    const judge = createSessionJudge(world.auth);
    await world.auth.saveTokens("alice", world.mock.issueGrant().tokens);
    const before = await sessionOf(world, "alice");
    await world.auth.signOut("alice");
    await expect(judge.isLive(before)).rejects.toMatchObject({ code: "signed_out" });
    await world.mock.clock.advance("1s");
    await world.auth.saveTokens("alice", world.mock.issueGrant().tokens);
    expect(await judge.isLive(before)).toBe(false);
    expect(await judge.isLive(await sessionOf(world, "alice"))).toBe(true);
  });

  it("outlives every rotation, in every process", async () => {
    const world = createWorld();
    await world.auth.saveTokens("alice", world.mock.issueGrant().tokens);
    const session = await sessionOf(world, "alice");
    for (let round = 0; round < 3; round++) {
      await world.mock.clock.advance("121m");
      const elsewhere = createSessionJudge(createAuth(world.mock, world.storage));
      expect(await elsewhere.isLive(session)).toBe(true);
      expect(await elsewhere.hasToken(session)).toBe(true);
    }
    expect(world.mock.requests.token("refresh_token")).toHaveLength(3);
  });

  it("ends with a grant that was revoked, once the user has signed in again", async () => {
    const world = createWorld();
    const { tokens, id } = world.mock.issueGrant();
    await world.auth.saveTokens("alice", tokens);
    const before = await sessionOf(world, "alice");
    world.mock.grant(id).revoke();
    await world.mock.clock.advance("121m");
    const judge = createSessionJudge(world.auth);
    await expect(judge.hasToken(before)).rejects.toMatchObject({ action: "reauthorize" });
    await expect(judge.isLive(before)).rejects.toMatchObject({ action: "reauthorize" });
    await world.auth.saveTokens("alice", world.mock.issueGrant().tokens);
    expect(await judge.isLive(await sessionOf(world, "alice"))).toBe(true);
  });

  it("reads the storage once for a guarded request, and not at all within the minute after", async () => {
    const world = createWorld();
    await world.auth.saveTokens("alice", world.mock.issueGrant().tokens);
    const session = await sessionOf(world, "alice");
    let reads = 0;
    const { get } = world.storage;
    world.storage.get = (...key) => (reads++, get(...key));
    const judge = createSessionJudge(createAuth(world.mock, world.storage));
    expect(judge.knows(session)).toBeUndefined();
    await judge.isLive(session);
    expect(reads).toBe(1);
    await judge.isLive(session);
    await judge.hasToken(session);
    expect(judge.knows(session)).toBe(true);
    expect(reads).toBe(1);
  });

  it("does not renew a token to tell whose session it is", async () => {
    const world = createWorld();
    await world.auth.saveTokens("alice", world.mock.issueGrant().tokens);
    const judge = createSessionJudge(world.auth);
    const session = await sessionOf(world, "alice");
    await world.mock.clock.advance("121m");
    expect(judge.knows(session)).toBeUndefined();
    expect(await judge.isLive(session)).toBe(true);
    expect(world.mock.requests.token("refresh_token")).toEqual([]);
    expect(await judge.hasToken(session)).toBe(true);
    expect(world.mock.requests.token("refresh_token")).toHaveLength(1);
  });

  it("hands no token of a later sign-in to a session of an earlier one", async () => {
    const world = createWorld();
    await world.auth.saveTokens("alice", world.mock.issueGrant().tokens);
    const judge = createSessionJudge(world.auth);
    const before = await sessionOf(world, "alice");
    const elsewhere = createAuth(world.mock, world.storage);
    await elsewhere.signOut("alice");
    await world.mock.clock.advance("2m");
    await elsewhere.saveTokens("alice", world.mock.issueGrant().tokens);
    expect(await judge.hasToken(before)).toBe(false);
    expect(judge.knows(before)).toBe(false);
  });

  it("does not compare two clocks: a machine that is two hours ahead starts sessions that a sign-out ends", async () => {
    const world = createWorld();
    const judge = createSessionJudge(world.auth);
    await world.auth.saveTokens("alice", world.mock.issueGrant().tokens);
    const session = { ...(await sessionOf(world, "alice")), issuedAt: world.mock.clock.now() + 7_200_000 };
    await world.auth.signOut("alice");
    await world.mock.clock.advance("1s");
    await world.auth.saveTokens("alice", world.mock.issueGrant().tokens);
    expect(await judge.isLive(session)).toBe(false);
  });
});

describe("sessions and records of versions that kept the instant of sign-out as a token", () => {
  /** An app whose storage holds what such a version wrote: a grant without its sign-in, and the made-up account. */
  async function legacyApp(signedOutAt: number) {
    const app = webApp();
    const plain = app.storage;
    await app.auth.saveTokens(app.alice, app.mock.issueGrant().tokens);
    await app.auth.saveTokens(`sessions of ${app.alice}`, {
      accessToken: String(signedOutAt),
      expiresAt: app.mock.clock.now() + 21 * 86_400_000,
      tokenType: "bearer",
    });
    for await (const key of plain.list?.("") ?? []) {
      const entry = await plain.get(key);
      const { signedInAt: _later, ...record } = JSON.parse(new TextDecoder().decode(entry?.bytes));
      const bytes = new TextEncoder().encode(JSON.stringify(record));
      await plain.compareAndSwap(key, entry?.version ?? null, bytes, {
        version: `legacy ${key}`,
        expireAt: Date.now() + 86_400_000 * 30,
      });
    }
    return app.another();
  }
  async function visit(app: Awaited<ReturnType<typeof legacyApp>>, issuedAt: number): Promise<number> {
    const time = issuedAt.toString(16).padStart(12, "0");
    const packed = Buffer.from(`00${time}${app.alice.replaceAll(/[{}-]/g, "")}`, "hex");
    const browser = app.browser();
    browser.cookies.set("bb_session", await createCookieSealer([secret], "session").seal(packed));
    return (await browser.get("/private")).status;
  }

  it("are still read", async () => {
    const now = Date.now();
    expect(await visit(await legacyApp(now - 600_000), now - 60_000)).toBe(200);
  });

  it("do not come back to life when they were signed out", async () => {
    const now = Date.now();
    expect(await visit(await legacyApp(now - 60_000), now - 600_000)).toBe(302);
  });

  it("end with the next sign-out", async () => {
    const now = Date.now();
    const app = await legacyApp(now - 600_000);
    await app.auth.signOut(app.alice);
    await signIn(app, app.browser());
    expect(await visit(app, now - 60_000)).toBe(302);
  });
});
