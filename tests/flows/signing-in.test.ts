import { createBitbucketAuth, createMemoryStorage } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { frozenClock, rejection } from "./signed-in-app.ts";

function app() {
  const callbackUrl = "https://app.example/auth/bitbucket/callback";
  const mock = createBitbucketMock({
    profile: "strict",
    clock: frozenClock,
    consumers: [
      { clientId: "the key", clientSecret: "the secret", callbackUrl, scopes: ["account", "repository"] },
    ],
  });
  const { clientOptions } = mock.issueGrant();
  const storage = createMemoryStorage();
  const auth = createBitbucketAuth({ ...clientOptions, fetch: mock.fetch, clock: mock.clock, storage });
  return { mock, auth, storage, callbackUrl };
}

describe("signing a person in", () => {
  it("ends with their uuid, a working token and a saved grant", async () => {
    const { mock, auth, callbackUrl } = app();
    const { url, transaction } = await auth.startAuthorization({ redirectUri: callbackUrl });
    const { redirect } = mock.authorize({ url });

    const { account, tokens } = await auth.finishAuthorization({ callback: redirect, transaction });

    expect(account).toBe(mock.users[0]?.uuid);
    expect(tokens.scopes).toEqual(["account", "repository"]);
    const response = await auth.fetchFor(account)("/2.0/user");
    expect(await response.json()).toMatchObject({ uuid: account });
    await mock.clock.advance("121m");
    await expect(auth.getAccessToken(account)).resolves.not.toBe(tokens.accessToken);
    expect(mock.violations).toEqual([]);
  });

  it("works without a redirect URI, with the transaction carried as JSON and the account named by a function", async () => {
    const { mock, auth } = app();
    const { url, transaction } = await auth.startAuthorization();
    const kept = JSON.stringify(transaction);
    const { redirect } = mock.authorize({ url });

    const { account } = await auth.finishAuthorization({
      callback: redirect.search,
      transaction: JSON.parse(kept),
      account: async () => "alice@example.com",
    });

    expect(account).toBe("alice@example.com");
    await expect(auth.getAccessToken("alice@example.com")).resolves.toBeTypeOf("string");
  });

  it("sends nothing and saves nothing for a callback that is not the answer", async () => {
    const { mock, auth, storage } = app();
    const { url, transaction } = await auth.startAuthorization();
    const { redirect } = mock.authorize({ url });
    const forged = new URL(redirect);
    forged.searchParams.set("state", "x".repeat(43));
    const denied = mock.deny({ url });

    const errors = [
      await rejection(auth.finishAuthorization({ callback: forged, transaction })),
      await rejection(auth.finishAuthorization({ callback: `${redirect.href}&code=another`, transaction })),
      await rejection(
        auth.finishAuthorization({ callback: `${redirect.href}&iss=https://evil.example`, transaction }),
      ),
    ];
    const second = await auth.startAuthorization();
    const refusal = await rejection(
      auth.finishAuthorization({ callback: mock.deny({ url: second.url }), transaction: second.transaction }),
    );

    expect(errors).toMatchObject([
      { code: "state_mismatch" },
      { code: "authorization_callback_invalid" },
      { code: "authorization_callback_invalid" },
    ]);
    expect(refusal).toMatchObject({ code: "authorization_denied", oauthError: "access_denied" });
    expect(denied.searchParams.get("error")).toBe("access_denied");
    expect(mock.requests.token()).toHaveLength(0);
    expect(await Array.fromAsync(storage.list?.("") ?? [])).toEqual([]);
  });

  it("takes a callback once, and none after ten minutes", async () => {
    const { mock, auth } = app();
    const { url, transaction } = await auth.startAuthorization();
    const { redirect } = mock.authorize({ url });
    await auth.finishAuthorization({ callback: redirect, transaction });

    expect(await rejection(auth.finishAuthorization({ callback: redirect, transaction }))).toMatchObject({
      code: "state_mismatch",
    });
    const late = await auth.startAuthorization();
    const { redirect: lateRedirect } = mock.authorize({ url: late.url });
    await mock.clock.advance("11m");
    expect(
      await rejection(auth.finishAuthorization({ callback: lateRedirect, transaction: late.transaction })),
    ).toMatchObject({ code: "authorization_callback_invalid" });
    expect(mock.requests.token()).toHaveLength(1);
  });

  it("saves 20 sign-ins of one account that finish at the same moment", async () => {
    const { mock, auth } = app();
    const started = await Promise.all(Array.from({ length: 20 }, () => auth.startAuthorization()));

    const finished = await Promise.all(
      started.map(({ url, transaction }) =>
        auth.finishAuthorization({ callback: mock.authorize({ url }).redirect, transaction }),
      ),
    );

    expect(new Set(finished.map(({ account }) => account)).size).toBe(1);
    await expect(auth.getAccessToken(finished[0]?.account ?? "")).resolves.toBeTypeOf("string");
  });

  it("says which scope to add when the consumer may not ask who signed in", async () => {
    const mock = createBitbucketMock({ consumers: [{ scopes: ["repository"] }] });
    const { clientOptions } = mock.issueGrant();
    const auth = createBitbucketAuth({ ...clientOptions, fetch: mock.fetch });
    const { url, transaction } = await auth.startAuthorization();
    const { redirect } = mock.authorize({ url });

    expect(await rejection(auth.finishAuthorization({ callback: redirect, transaction }))).toMatchObject({
      code: "scope_missing",
      required: ["account"],
    });
  });
});
