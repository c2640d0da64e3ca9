import { describe, expect, it } from "vitest";
import { describeLockout } from "./describe-lockout.ts";
import { atOnce, rejection, signedInApp } from "./signed-in-app.ts";

describe("a grant that Bitbucket refuses", () => {
  it("costs one token request in 30 seconds however often it is asked for", async () => {
    const { mock, auth, grant, expire, tokenRequests } = await signedInApp({ refresh: { rereadMs: 4 } });
    await expire();
    mock.grant(grant).revoke();

    for (let tenth = 0; tenth < 100; tenth++) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 100 }, () => auth.getAccessToken("alice")),
      );
      expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
      await mock.clock.advance("100ms");
    }
    expect(tokenRequests()).toBe(1);

    await mock.clock.advance("19s");
    await rejection(auth.getAccessToken("alice"));
    expect(tokenRequests()).toBe(1);
  });

  it("is kept, called probable, and works again when the refusal was a lockout", async () => {
    const { mock, auth, expire } = await signedInApp({ refresh: { rereadMs: 4 } });
    await expire();
    mock.faults.next("token:refresh_token", { oauth: "unauthorized_client" });

    const error = await rejection(auth.getAccessToken("alice"));
    expect(error).toMatchObject({
      code: "refresh_rejected",
      certainty: "probable",
      reason: "rejected",
      action: "reauthorize",
      transient: false,
      retryAt: expect.any(Number),
    });

    await mock.clock.advance("61s");
    await expect(auth.getAccessToken("alice")).resolves.toBeTypeOf("string");
  });

  it("is not tried again when Bitbucket says invalid_grant, until the account signs in again", async () => {
    const { mock, auth, expire, tokenRequests } = await signedInApp({ refresh: { rereadMs: 4 } });
    await expire();
    mock.faults.next("token:refresh_token", { oauth: "invalid_grant" });
    const first = await rejection(auth.getAccessToken("alice"));
    await mock.clock.advance("3h");
    const later = await rejection(auth.getAccessToken("alice"));

    expect([first, later]).toMatchObject([
      { code: "refresh_rejected", certainty: "certain" },
      { code: "refresh_rejected", certainty: "certain" },
    ]);
    expect(tokenRequests()).toBe(1);

    await auth.saveTokens("alice", mock.issueGrant().tokens);
    await expect(auth.getAccessToken("alice")).resolves.toBeTypeOf("string");
  });

  it("does not stop another account's refresh", async () => {
    const { mock, auth, grant, expire } = await signedInApp({
      bitbucket: { profile: { base: "strict", lockoutMs: 0 } },
      refresh: { rereadMs: 4 },
    });
    await auth.saveTokens("bob", mock.issueGrant().tokens);
    await expire();
    mock.grant(grant).revoke();
    await rejection(auth.getAccessToken("alice"));

    await expect(atOnce(10, () => auth.getAccessToken("bob"))).resolves.toHaveLength(10);
  });
});

// The long suite has 500.
describeLockout(100);
