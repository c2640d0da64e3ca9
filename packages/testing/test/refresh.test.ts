import { createBitbucketAuth } from "@bitbucket-auth/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { createBitbucketMock, type BitbucketMock, type ProfileOverrides, type Grant } from "../src/index.ts";
import { bitbucketMatchers } from "../src/vitest.ts";
import { recordedTokenErrors as recorded } from "./recorded.ts";
import { callApi, refresh } from "./token-request.ts";

/** Time moves only when a test moves it, so that a limit can be met to the millisecond. */
const standing = { now: () => Date.UTC(2027, 0, 1) };

/** A fake with one grant, and the grant's first refresh token. */
function start(profile: ProfileOverrides): {
  mock: BitbucketMock;
  first: string;
  control: ReturnType<BitbucketMock["grant"]>;
} {
  const mock = createBitbucketMock({ profile, clock: standing });
  const grant = mock.issueGrant();
  return { mock, first: grant.tokens.refreshToken ?? "", control: mock.grant(grant) };
}

const patient: ProfileOverrides = { lockoutMs: 0 };

describe("redeemRefreshToken()", () => {
  it("rotates on every use and counts generations", async () => {
    const { mock, first, control } = start(patient);
    const second = await refresh(mock, first);
    const third = await refresh(mock, second.body.refresh_token);
    expect(new Set([first, second.body.refresh_token, third.body.refresh_token]).size).toBe(3);
    expect(control.generation).toBe(3);
  });

  it("takes a used token again inside the leeway", async () => {
    const { mock, first, control } = start(patient);
    await refresh(mock, first);
    await mock.clock.advance("599s");
    const again = await refresh(mock, first);
    expect(again.status).toBe(200);
    expect(control.reuseCount).toBe(0);
    expect(mock.requests.all.at(-1)).toMatchObject({ leeway: true, generation: 1 });
  });

  it("refuses a used token when the leeway is over, and counts it", async () => {
    const { mock, first, control } = start(patient);
    await refresh(mock, first);
    await mock.clock.advance("600s");
    const again = await refresh(mock, first);
    expect(again).toEqual({ status: 400, body: JSON.parse(recorded.wrongCredentials) });
    expect(control.reuseCount).toBe(1);
    expect(mock.requests.all.at(-1)).toMatchObject({ reused: true });
    expect(control.live).toBe(true);
  });

  it("counts the leeway from the first use, not from the last", async () => {
    const { mock, first } = start(patient);
    await refresh(mock, first);
    await mock.clock.advance("400s");
    await refresh(mock, first);
    await mock.clock.advance("400s");
    expect((await refresh(mock, first)).status).toBe(400);
  });

  it("saves only the token used last when the leeway covers no more", async () => {
    const { mock, first } = start({ ...patient, leewayCovers: "previous-only" });
    const second = await refresh(mock, first);
    expect((await refresh(mock, first)).status).toBe(200);
    await refresh(mock, second.body.refresh_token);
    expect((await refresh(mock, first)).status).toBe(400);
  });

  it("lets all siblings live where the profile says so", async () => {
    const { mock, first } = start({ ...patient, siblings: "all-live" });
    const one = await refresh(mock, first);
    const two = await refresh(mock, first);
    expect((await refresh(mock, one.body.refresh_token)).status).toBe(200);
    expect((await refresh(mock, two.body.refresh_token)).status).toBe(200);
  });

  it("lets only the last sibling live where the profile says so", async () => {
    const { mock, first } = start({ ...patient, siblings: "last-live" });
    const one = await refresh(mock, first);
    const two = await refresh(mock, first);
    expect((await refresh(mock, one.body.refresh_token)).status).toBe(400);
    expect((await callApi(mock, "/2.0/user", one.body.access_token)).status).toBe(401);
    expect((await refresh(mock, two.body.refresh_token)).status).toBe(200);
  });

  it("kills the family on reuse where the profile says so", async () => {
    const { mock, first, control } = start({ base: "strict", lockoutMs: 0 });
    const revoked: string[] = [];
    mock.on("family.revoked", ({ grantId = "" }) => revoked.push(grantId));
    const second = await refresh(mock, first);
    await refresh(mock, first);
    expect(control.live).toBe(false);
    expect(revoked).toEqual([control.id]);
    expect((await refresh(mock, second.body.refresh_token)).status).toBe(400);
    expect((await callApi(mock, "/2.0/user", second.body.access_token)).status).toBe(401);
  });

  it("locks the consumer out after a dead token, valid tokens included", async () => {
    const { mock, first } = start({ leewayMs: 0 });
    const other = mock.issueGrant();
    await refresh(mock, "never issued");
    expect(await refresh(mock, first)).toEqual({ status: 400, body: JSON.parse(recorded.wrongCredentials) });
    expect((await refresh(mock, other.tokens.refreshToken)).status).toBe(400);
    await mock.clock.advance("60s");
    expect((await refresh(mock, first)).status).toBe(200);
  });

  it("does not prolong the lockout by what is sent during it", async () => {
    const { mock, first } = start({});
    await refresh(mock, "never issued");
    await mock.clock.advance("59s");
    await refresh(mock, first);
    await refresh(mock, "never issued either");
    await mock.clock.advance("1s");
    expect((await refresh(mock, first)).status).toBe(200);
  });

  it("counts a reuse that happens during the lockout", async () => {
    const { mock, first, control } = start({ base: "strict" });
    await refresh(mock, first);
    await refresh(mock, "never issued");
    await refresh(mock, first);
    expect(control.reuseCount).toBe(1);
  });

  it("leaves other consumers alone during the lockout of one", async () => {
    const mock = createBitbucketMock({ consumers: [{ clientId: "one" }, { clientId: "two" }] });
    await refresh(mock, "never issued");
    const grant = mock.issueGrant({ consumer: "two" });
    const { clientId, clientSecret } = grant.clientOptions;
    const answer = await mock.fetch(mock.urls.token, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
      body: new URLSearchParams({
        grant_type: "refresh_token",
        refresh_token: grant.tokens.refreshToken ?? "",
      }),
    });
    expect(answer.status).toBe(200);
  });

  it("refuses a token that idled 90 days, and takes one that did not", async () => {
    const { mock, first } = start(patient);
    await mock.clock.advance("89d");
    const second = await refresh(mock, first);
    expect(second.status).toBe(200);
    await mock.clock.advance("89d");
    const third = await refresh(mock, second.body.refresh_token);
    expect(third.status).toBe(200);
    await mock.clock.advance("90d");
    expect((await refresh(mock, third.body.refresh_token)).status).toBe(400);
  });

  it("lets the companion access token die when its refresh token's leeway is over", async () => {
    const { mock, first, control } = start(patient);
    const { accessToken } = control.tokens;
    await refresh(mock, first);
    expect((await callApi(mock, "/2.0/user", accessToken)).status).toBe(200);
    await mock.clock.advance("10m");
    expect((await callApi(mock, "/2.0/user", accessToken)).status).toBe(401);
  });

  it("refuses a token of another consumer without touching its grant", async () => {
    const mock = createBitbucketMock({
      profile: "strict",
      consumers: [{ clientId: "one" }, { clientId: "two" }],
    });
    const grant = mock.issueGrant({ consumer: "two" });
    expect((await refresh(mock, grant.tokens.refreshToken)).status).toBe(400);
    expect(mock.grant(grant)).toMatchObject({ live: true, reuseCount: 0, generation: 1 });
  });
});

expect.extend(bitbucketMatchers);

type Client = (account: string) => Promise<unknown>;

/** What most programs do: keep the tokens, refresh when they have expired. */
async function naive(mock: BitbucketMock, { tokens }: Grant): Promise<Client> {
  let { refreshToken, expiresAt } = tokens;
  return async () => {
    if (expiresAt > mock.clock.now()) return;
    const { body } = await refresh(mock, refreshToken);
    refreshToken = body.refresh_token;
    expiresAt = mock.clock.now() + 7_200_000;
  };
}

async function ours(mock: BitbucketMock, { clientOptions, tokens }: Grant): Promise<Client> {
  const auth = createBitbucketAuth({ ...clientOptions, fetch: mock.fetch, clock: mock.clock });
  onTestFinished(() => auth.close());
  await auth.saveTokens("alice", tokens);
  return (account) => auth.getAccessToken(account);
}

/** The race, in ten lines. */
async function race(connect: typeof naive): Promise<{ mock: BitbucketMock; grant: Grant }> {
  const mock = createBitbucketMock({ profile: "strict" });
  const grant = mock.issueGrant({ user: "alice" });
  const getAccessToken = await connect(mock, grant);
  await mock.clock.advance("2h");
  await Promise.all(Array.from({ length: 100 }, () => getAccessToken("alice")));
  return { mock, grant };
}

describe("a hundred callers at once, after the token has expired", () => {
  it("cost a naive client its grant", async () => {
    const { mock, grant } = await race(naive);
    expect(mock).toHaveRefreshed(100);
    expect(mock).not.toHaveNoRefreshTokenReuse();
    expect(mock).not.toHaveLiveSession(grant);
  });

  it("cost core one refresh", async () => {
    const { mock, grant } = await race(ours);
    expect(mock).toHaveRefreshed(1);
    expect(mock).toHaveNoRefreshTokenReuse();
    expect(mock).toHaveLiveSession(grant);
  });
});
