import { describe, expect, it } from "vitest";
import { atOnce, signedInApp } from "./signed-in-app.ts";

describe("refreshing ahead of need", () => {
  it("hands out the old token at once while a slow refresh runs, and the new one afterwards", async () => {
    const { mock, auth, grant, tokenRequests } = await signedInApp();
    await mock.clock.advance("118m");
    const gate = mock.gates.hold("token", "before-commit");

    const during = await atOnce(1_000, () => auth.getAccessToken("alice"));
    await gate.arrived();
    expect(new Set(during)).toEqual(new Set([grant.tokens.accessToken]));

    const refreshed = new Promise((resolve) => auth.on("refreshed", resolve));
    gate.release();
    await refreshed;
    expect(await auth.getAccessToken("alice")).toBe(mock.grant(grant).tokens.accessToken);
    expect(tokenRequests()).toBe(1);
  });

  it("fails no caller while the token endpoint is down for the whole window before expiry", async () => {
    const { mock, auth } = await signedInApp();
    mock.faults.when("token", { status: 503 });
    let failed = 0;
    auth.on("failed", () => failed++);
    await mock.clock.advance("104m");

    for (let second = 0; second < 15 * 60; second += 5) {
      const background: Promise<unknown>[] = [];
      const waitUntil = (work: Promise<unknown>): void => void background.push(work);
      await expect(auth.getAccessToken("alice", { waitUntil })).resolves.toBeTypeOf("string");
      // An attempt in the background has to be over before the clock moves on.
      await Promise.all(background);
      await mock.clock.advance("5s");
    }
    expect(failed).toBeGreaterThan(0);
    expect(failed).toBe(mock.requests.token().length);
    mock.faults.clear();
    await mock.clock.advance("2m");
    await expect(auth.getAccessToken("alice")).resolves.toBeTypeOf("string");
  });

  it("does not hammer a token endpoint that is down", async () => {
    const { mock, auth, tokenRequests } = await signedInApp();
    mock.faults.when("token", { status: 503 });
    await mock.clock.advance("110m");
    for (let second = 0; second < 60; second++) {
      await atOnce(10, () => auth.getAccessToken("alice"));
      await mock.clock.advance("1s");
    }
    expect(tokenRequests()).toBeGreaterThan(0);
    expect(tokenRequests()).toBeLessThanOrEqual(6);
  });

  it("serves the last seconds of a token when the refresh that is due fails", async () => {
    const { mock, auth, grant } = await signedInApp();
    mock.faults.when("token", { status: 503 });
    await mock.clock.advance("119m");
    await mock.clock.advance("45s");

    await expect(auth.getAccessToken("alice")).resolves.toBe(grant.tokens.accessToken);
  });
});
