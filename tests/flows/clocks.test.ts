import { createMemoryStorage, type Clock } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { signedInApp } from "./signed-in-app.ts";

/** A machine whose clock is off by so much from Bitbucket's, and can be set wrong later. */
function wrongClock(of: Clock, offsetMs: number): Clock & { offsetMs: number } {
  return {
    offsetMs,
    now() {
      return of.now() + this.offsetMs;
    },
  };
}

const hour = 3_600_000;

describe("a machine with a wrong clock", () => {
  it.each([-2 * hour, 2 * hour])("refreshes when it has to, and only then (%i ms off)", async (offsetMs) => {
    const { mock, another, tokenRequests } = await signedInApp();
    const clock = wrongClock(mock.clock, offsetMs);
    const auth = another({ clock });
    const { tokens } = mock.issueGrant();
    await auth.saveTokens("bob", { ...tokens, expiresAt: tokens.expiresAt + offsetMs });
    const api = auth.fetchFor("bob");

    for (let quarter = 0; quarter < 4 * 8; quarter++) {
      expect((await api("/2.0/user")).status).toBe(200);
      await mock.clock.advance("15m");
    }
    // 8 hours: a refresh about every 105 minutes.
    expect(tokenRequests()).toBeLessThanOrEqual(6);
    expect(mock.requests.api().filter(({ status }) => status === 401)).toEqual([]);
  });

  it("sends at most one request with a dead token after each jump of the clock", async () => {
    const { mock, another, tokenRequests } = await signedInApp();
    const clock = wrongClock(mock.clock, 0);
    const auth = another({ clock });
    await auth.saveTokens("bob", mock.issueGrant().tokens);
    const api = auth.fetchFor("bob");
    const jumps = [2 * hour, -2 * hour, -2 * hour, 0, hour, -hour];

    for (const [index, jump] of jumps.entries()) {
      clock.offsetMs = jump;
      const seen = mock.requests.api().length;
      for (let step = 0; step < 12; step++) {
        expect((await api("/2.0/user")).status).toBe(200);
        await mock.clock.advance("15m");
      }
      const refused = mock.requests
        .api()
        .slice(seen)
        .filter(({ status }) => status === 401);
      expect(refused.length, `after jump ${index}`).toBeLessThanOrEqual(1);
    }
    expect(tokenRequests()).toBeLessThanOrEqual(jumps.length * 3);
    expect(mock.reuseCount).toBe(0);
  });

  it("wakes from eight hours of sleep with one refresh", async () => {
    const { mock, auth, tokenRequests } = await signedInApp();
    await auth.getAccessToken("alice");
    await mock.clock.advance("8h");

    expect((await auth.fetchFor("alice")("/2.0/user")).status).toBe(200);
    expect(tokenRequests()).toBe(1);
  });

  it("agrees with a host whose clock is right about what is in the storage", async () => {
    const storage = createMemoryStorage();
    const { mock, auth, another, expire, tokenRequests } = await signedInApp({ storage });
    const fast = another({ storage, clock: wrongClock(mock.clock, 2 * hour) });
    const slow = another({ storage, clock: wrongClock(mock.clock, -2 * hour) });
    await expire();
    await auth.getAccessToken("alice");
    await slow.fetchFor("alice")("/2.0/user");
    await fast.fetchFor("alice")("/2.0/user");
    const settled = tokenRequests();

    for (const host of [auth, slow, fast]) await host.fetchFor("alice")("/2.0/user");
    expect(tokenRequests()).toBe(settled);
    expect(settled).toBeLessThanOrEqual(2);
  });
});
