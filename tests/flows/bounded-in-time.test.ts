import { createMemoryStorage } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { atOnce, rejection, signedInApp } from "./signed-in-app.ts";

describe("bounded in time", () => {
  it("rejects with a typed error when the token endpoint stays silent", async () => {
    const { mock, auth, expire, tokenRequests } = await signedInApp({ timeoutMs: 40 });
    await expire();
    mock.faults.next("token", { hang: true }, 2);

    expect(await rejection(auth.getAccessToken("alice"))).toMatchObject({
      code: "token_request_failed",
      transient: true,
      action: "retry",
    });
    expect(tokenRequests()).toBe(1);
  });

  it("rejects also when a fetch ignores its signal", async () => {
    const silent: typeof fetch = () => new Promise(() => undefined);
    const { auth, expire } = await signedInApp({ timeoutMs: 40, fetch: silent });
    await expire();

    expect(await rejection(auth.getAccessToken("alice"))).toMatchObject({ code: "token_request_failed" });
  });

  it("frees a caller who aborts, and leaves the refresh to the others", async () => {
    const { mock, auth, expire, tokenRequests } = await signedInApp();
    await expire();
    const gate = mock.gates.hold("token", "after-commit");
    const leaving = new AbortController();
    const impatient = auth.getAccessToken("alice", { signal: leaving.signal });
    const patient = atOnce(10, () => auth.getAccessToken("alice"));
    await gate.arrived();

    const reason = new Error("had enough");
    leaving.abort(reason);
    expect(await rejection(impatient)).toBe(reason);

    gate.release();
    expect(new Set(await patient).size).toBe(1);
    expect(tokenRequests()).toBe(1);
  });

  it("keeps and saves the new tokens when every caller has left", async () => {
    const { mock, auth, expire, tokenRequests } = await signedInApp();
    await expire();
    const gate = mock.gates.hold("token", "after-commit");
    const leaving = new AbortController();
    const caller = rejection(auth.getAccessToken("alice", { signal: leaving.signal }));
    await gate.arrived();
    leaving.abort();
    await caller;
    gate.release();

    await expect(auth.getAccessToken("alice")).resolves.toBeTypeOf("string");
    expect(tokenRequests()).toBe(1);
    expect(mock.reuseCount).toBe(0);
  });

  it("rejects those who wait when it is closed, and still saves what Bitbucket had issued", async () => {
    const storage = createMemoryStorage();
    const { mock, auth, another, grant, expire } = await signedInApp({ storage });
    await expire();
    const gate = mock.gates.hold("token", "after-commit");
    const waiting = rejection(auth.getAccessToken("alice"));
    await gate.arrived();

    const closed = auth.close();
    expect(await waiting).toMatchObject({ code: "closed" });
    gate.release();
    await closed;

    expect(await rejection(auth.getAccessToken("alice"))).toMatchObject({ code: "closed" });
    expect(await another({ storage }).getAccessToken("alice")).toBe(mock.grant(grant).tokens.accessToken);
  });

  it("serves a token that is still good while another process holds the lease, and gives up in time when it is not", async () => {
    const storage = createMemoryStorage();
    const { mock, auth, expire, tokenRequests } = await signedInApp({
      storage,
      refresh: { contentionMs: 30, pollMs: [1, 2] },
    });
    const [key] = await Array.fromAsync(storage.list?.("") ?? []);
    await storage.tryLease(key ?? "", { owner: "somebody else", ttlMs: 3 * 3_600_000 });

    await mock.clock.advance("110m");
    await expect(auth.getAccessToken("alice")).resolves.toBeTypeOf("string");
    await expire();
    expect(await rejection(auth.getAccessToken("alice"))).toMatchObject({ code: "refresh_contended" });
    expect(tokenRequests()).toBe(0);
  });
});
