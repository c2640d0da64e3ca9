import { describe, expect, it } from "vitest";
import { atOnce, rejection, signedInApp } from "./signed-in-app.ts";

describe("a 401 from the API", () => {
  it("leads to one refresh for 200 requests whose refusals come one after the other", async () => {
    const { mock, auth, grant, tokenRequests } = await signedInApp();
    mock.grant(grant).expireAccessToken();
    const gate = mock.gates.hold("api", "before-commit");
    const api = auth.fetchFor("alice");

    const calls = atOnce(200, () => api("/2.0/user"));
    await gate.arrived(200);
    gate.release(50);
    await mock.requests.waitFor("token:refresh_token", { count: 1 });
    gate.release();

    const answers = await calls;
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(tokenRequests()).toBe(1);
    expect(mock.requests.api("/2.0/user")).toHaveLength(400);
  });

  it("never refreshes on a 403, and names the scope that is missing", async () => {
    const { auth, tokenRequests } = await signedInApp({
      bitbucket: { consumers: [{ scopes: ["repository"] }] },
    });

    const error = await rejection(auth.fetchFor("alice")("/2.0/user"));

    expect(error).toMatchObject({ code: "scope_missing", action: "add_scope", required: ["account"] });
    expect(tokenRequests()).toBe(0);
  });

  it("does not refresh a second time for a token refreshed less than a minute ago", async () => {
    const { mock, auth, grant, expire, tokenRequests } = await signedInApp();
    await expire();
    await auth.getAccessToken("alice");
    mock.grant(grant).expireAccessToken();

    const error = await rejection(auth.fetchFor("alice")("/2.0/user"));

    expect(error).toMatchObject({ code: "access_token_rejected" });
    expect(tokenRequests()).toBe(1);
  });

  it("adopts what another process stored instead of refreshing again", async () => {
    const { createMemoryStorage } = await import("@bitbucket-auth/core");
    const storage = createMemoryStorage();
    const { mock, auth, another, grant, tokenRequests } = await signedInApp({ storage });
    const other = another({ storage });
    const old = await other.getAccessToken("alice");
    mock.grant(grant).expireAccessToken();
    const fresh = await auth.getAccessToken("alice", { rejected: old });

    expect(await other.getAccessToken("alice", { rejected: old })).toBe(fresh);
    expect(tokenRequests()).toBe(1);
  });
});
