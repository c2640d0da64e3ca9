import { createBitbucketAuth } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { createBitbucketMock } from "../src/index.ts";
import { bitbucketMatchers } from "../src/vitest.ts";

expect.extend(bitbucketMatchers);

describe("expireAccessToken()", () => {
  it("lets a client made of the grant's clientOptions refresh, each time, whatever the fake's clock does between", async () => {
    const mock = createBitbucketMock({ profile: "strict" });
    const grant = mock.issueGrant({ consumer: "app", user: "alice" });
    const auth = createBitbucketAuth({ ...grant.clientOptions, fetch: mock.fetch });
    await auth.saveTokens("alice", grant.tokens);
    mock.grant(grant).expireAccessToken();
    await Promise.all(Array.from({ length: 100 }, () => auth.getAccessToken("alice")));
    expect(mock).toHaveRefreshed(1);
    mock.grant(grant).expireAccessToken();
    await auth.getAccessToken("alice");
    expect(mock).toHaveRefreshed(2);
    await mock.clock.advance("2h");
    await auth.getAccessToken("alice");
    expect(mock).toHaveRefreshed(3);
    await auth.close();
  });

  it("leaves a client with the fake's own clock to learn it by a 401", async () => {
    const mock = createBitbucketMock({ profile: "strict" });
    const grant = mock.issueGrant();
    const auth = createBitbucketAuth({ ...grant.clientOptions, fetch: mock.fetch, clock: mock.clock });
    await auth.saveTokens("alice", grant.tokens);
    mock.grant(grant).expireAccessToken();
    expect(await auth.getAccessToken("alice")).toBe(grant.tokens.accessToken);
    expect((await auth.fetchFor("alice")("/2.0/user")).status).toBe(200);
    expect(mock).toHaveRefreshed(1);
    await auth.close();
  });
});
