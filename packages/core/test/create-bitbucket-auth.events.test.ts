import { describe, expect, it } from "vitest";
import { createAuthUnderTest, freshTokens, grants, type AuthUnderTest } from "./auth-under-test.ts";
import { jsonResponse } from "./fake-fetch.ts";
import { heldAnswer } from "./refresh/manager-under-test.ts";
import { rejectionOf } from "./refresh/refresh-under-test.ts";

const twoHours = 7_200_000;
/** Bitbucket's answer to a dead grant, a wrong secret and a lockout alike. */
const refused = jsonResponse(
  { error: "unauthorized_client", error_description: "Invalid OAuth client credentials" },
  { status: 400 },
);

/** The storage takes the announcement of a refresh and then nothing more; what it answers ends that. */
function failAfterAnnouncement(storage: AuthUnderTest["storage"]): () => void {
  const { compareAndSwap } = storage;
  let writes = 0;
  storage.compareAndSwap = async (...args) => {
    if (++writes > 1) throw new Error("down");
    return compareAndSwap(...args);
  };
  return () => (storage.compareAndSwap = compareAndSwap);
}

describe("a BitbucketAuth whose consumer is locked out", () => {
  it("says when it stops asking, sends nothing for any grant, and says when Bitbucket takes its requests again", async () => {
    const { auth, clock, requests } = createAuthUnderTest([refused, refused, grants(2)]);
    const events: unknown[] = [];
    auth.on("consumerBlocked", (event) => events.push(event));
    auth.on("consumerUnblocked", (event) => events.push(event));
    for (const account of ["ann", "bob", "cy"]) await auth.saveTokens(account, freshTokens(clock));
    clock.move(twoHours);
    await rejectionOf(auth.getAccessToken("ann"));
    await rejectionOf(auth.getAccessToken("bob"));
    const retryAt = clock.now() + 20_000;
    expect(events).toEqual([{ retryAt }]);
    expect(await rejectionOf(auth.getAccessToken("cy"))).toMatchObject({ retryAt });
    expect(requests).toHaveLength(2);
    clock.move(20_000);
    expect(await auth.getAccessToken("cy")).toBe("access-2");
    expect(events).toEqual([{ retryAt }, { at: retryAt }]);
  });
});

describe("onUnpersisted", () => {
  it("is told of tokens that the storage would not take, with the refresh token, so that they can be kept", async () => {
    const told: unknown[] = [];
    const { auth, clock, storage } = createAuthUnderTest([grants(2)], {
      onUnpersisted: (account, tokens) => told.push([account, tokens]),
    });
    await auth.saveTokens("ann", freshTokens(clock));
    const bringBack = failAfterAnnouncement(storage);
    clock.move(twoHours);
    expect(await auth.getAccessToken("ann")).toBe("access-2");
    expect(told).toEqual([
      [
        "ann",
        {
          accessToken: "access-2",
          refreshToken: "refresh-2",
          expiresAt: clock.now() + twoHours,
          scopes: ["account", "repository"],
          tokenType: "bearer",
        },
      ],
    ]);
    bringBack();
    await auth.close();
  });

  it("cannot keep the tokens from being saved by throwing, and nobody else gets the refresh token meanwhile", async () => {
    const { auth, clock, storage, another } = createAuthUnderTest([grants(2)], {
      onUnpersisted() {
        throw new Error("the hook is broken");
      },
    });
    await auth.saveTokens("ann", freshTokens(clock));
    const bringBack = failAfterAnnouncement(storage);
    clock.move(twoHours);
    const tokens = await auth.getTokens("ann");
    expect([tokens.accessToken, tokens.refreshToken]).toEqual(["access-2", undefined]);
    bringBack();
    await auth.close();
    expect((await another().getTokens("ann")).refreshToken).toBe("refresh-2");
  });
});

describe("fetchFor() with a signal", () => {
  it("is free while it waits for a token, and the refresh is finished and saved", async () => {
    const leaving = new AbortController();
    const reason = new Error("the page was left");
    const held = heldAnswer(grants(2));
    const { auth, clock, requests, another } = createAuthUnderTest([held.answer]);
    await auth.saveTokens("ann", freshTokens(clock));
    clock.move(twoHours);
    const call = auth.fetchFor("ann")("/2.0/user", { signal: leaving.signal });
    await held.asked;
    leaving.abort(reason);
    expect(await rejectionOf(call)).toBe(reason);
    held.release();
    await auth.close();
    expect(await another().getAccessToken("ann")).toBe("access-2");
    expect(requests).toHaveLength(1);
  });
});
