import { createAuthUnderTest, freshTokens, grants } from "./auth-under-test.ts";
import { jsonResponse } from "./fake-fetch.ts";
import { rejectionOf } from "./promises.ts";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";

const twoHours = 7_200_000;

describe("getAccessToken()", () => {
  it("refreshes a token that has run out, at the token endpoint, as the consumer", async () => {
    const { auth, clock, requests } = createAuthUnderTest([grants(2)]);
    await auth.saveTokens("ann", freshTokens(clock));
    clock.move(twoHours);
    expect(await auth.getAccessToken("ann")).toBe("access-2");
    expect(requests).toHaveLength(1);
    expect(requests[0]?.url).toBe("https://bitbucket.org/site/oauth2/access_token");
    expect(requests[0]?.headers.get("authorization")).toBe(`Basic ${btoa("id:secret")}`);
    expect(Object.fromEntries(requests[0]?.form ?? [])).toEqual({
      grant_type: "refresh_token",
      refresh_token: "refresh-1",
    });
  });

  it("asks for a token of the consumer itself when no account is named", async () => {
    const { auth, requests } = createAuthUnderTest([grants(2)]);
    expect([await auth.getAccessToken(), await auth.getAccessToken()]).toEqual(["access-2", "access-2"]);
    expect(requests.map(({ form }) => form.get("grant_type"))).toEqual(["client_credentials"]);
  });

  it("serves from memory the same promise again and again", async () => {
    const { auth, clock } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    expect(auth.getAccessToken("ann")).toBe(auth.getAccessToken("ann"));
    expect(await auth.getAccessToken("ann")).toBe("access-1");
  });

  it("gives no token back that the caller says was refused", async () => {
    const { auth, clock } = createAuthUnderTest([grants(2)]);
    await auth.saveTokens("ann", freshTokens(clock));
    expect(await auth.getAccessToken("ann", { rejected: "access-1" })).toBe("access-2");
    expect(await auth.getAccessToken("ann")).toBe("access-2");
  });

  it.each([
    ["rejected", { rejected: true }],
    ["minValidityMs", { minValidityMs: -1 }],
    ["minValidityMs", { minValidityMs: "1h" }],
  ])("refuses %s as in %j, by name", async (name, want) => {
    const { auth, clock } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    const asked = Reflect.apply(auth.getAccessToken, auth, ["ann", want]);
    expect(await rejectionOf(asked)).toMatchObject({
      code: "invalid_options",
      message: expect.stringContaining(`${name} must be `),
    });
  });

  it("gives a token with as much life as the caller needs", async () => {
    const { auth, clock, requests } = createAuthUnderTest([grants(2)]);
    await auth.saveTokens("ann", freshTokens(clock));
    clock.move(twoHours / 2);
    expect(await auth.getAccessToken("ann", { minValidityMs: twoHours / 2 - 1 })).toBe("access-1");
    expect(requests).toEqual([]);
    expect(await auth.getAccessToken("ann", { minValidityMs: twoHours / 2 })).toBe("access-2");
  });

  it("lets a caller go whose signal has fired, with the signal's reason", async () => {
    const { auth, clock } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    const reason = new Error("the page was left");
    expect(await rejectionOf(auth.getAccessToken("ann", { signal: AbortSignal.abort(reason) }))).toBe(reason);
  });

  it("keeps accounts, consumers and sites apart", async () => {
    const { auth, clock, storage } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    expect(await rejectionOf(auth.getAccessToken("bob"))).toMatchObject({ code: "signed_out" });
    const others = [
      createAuthUnderTest([], { storage, clock, clientId: "another" }),
      createAuthUnderTest([], { storage, clock, endpoints: { tokenUrl: "https://localhost:7990/token" } }),
    ];
    for (const other of others)
      expect(await rejectionOf(other.auth.getAccessToken("ann"))).toMatchObject({ code: "signed_out" });
  });
});

describe("getTokens()", () => {
  it("gives what belongs to the token, and shows none of it by accident", async () => {
    const { auth, clock } = createAuthUnderTest();
    const given = freshTokens(clock);
    await auth.saveTokens("ann", given);
    const tokens = await auth.getTokens("ann");
    expect([tokens.accessToken, tokens.expiresAt]).toEqual(["access-1", given.expiresAt]);
    expect(tokens.refreshToken).toBe("refresh-1");
    expect(tokens.scopes).toEqual(["account", "repository"]);
    expect(inspect(tokens) + JSON.stringify(tokens) + String(tokens)).not.toMatch(/access-1|refresh-1/);
  });
});

describe("fetchFor()", () => {
  it("calls the API as the account, with its token and with the given limits", async () => {
    const { auth, clock, requests } = createAuthUnderTest([jsonResponse({ uuid: "{ann}" })]);
    await auth.saveTokens("ann", freshTokens(clock));
    const answer = await auth.fetchFor("ann")("/2.0/user");
    expect(await answer.json()).toEqual({ uuid: "{ann}" });
    expect(requests[0]?.url).toBe("https://api.bitbucket.org/2.0/user");
    expect(requests[0]?.headers.get("authorization")).toBe("Bearer access-1");
  });

  it("refreshes once when the API refuses the token, and sends the call again with the new one", async () => {
    const refused = jsonResponse({ type: "error", error: { message: "expired" } }, { status: 401 });
    const { auth, clock, requests } = createAuthUnderTest([
      refused,
      grants(2),
      jsonResponse({ uuid: "{ann}" }),
    ]);
    await auth.saveTokens("ann", freshTokens(clock));
    expect((await auth.fetchFor("ann")("/2.0/user")).status).toBe(200);
    expect(requests.map(({ headers }) => headers.get("authorization")?.split(" ")[0])).toEqual([
      "Bearer",
      "Basic",
      "Bearer",
    ]);
    expect(requests[2]?.headers.get("authorization")).toBe("Bearer access-2");
  });

  it("learns Bitbucket's time from the API's answers, and says that the clocks differ", async () => {
    const { auth, clock } = createAuthUnderTest([
      () => jsonResponse({}, { headers: { date: new Date(clock.now() + twoHours).toUTCString() } }),
    ]);
    const skews: number[] = [];
    auth.on("clockSkew", ({ skewMs }) => skews.push(skewMs));
    await auth.saveTokens("ann", freshTokens(clock));
    await auth.fetchFor("ann")("/2.0/user");
    expect(skews).toEqual([twoHours]);
  });
});
