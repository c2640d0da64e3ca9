import { type AuthorizationTransaction, codeChallengeOf } from "../../src/authorization/transaction.ts";
import type { BitbucketAuth } from "../../src/bitbucket-auth.ts";
import { createBitbucketAuth } from "../../src/create-bitbucket-auth.ts";
import type { BitbucketAuthOptions } from "../../src/options.ts";
import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import type { TokenSet } from "../../src/token-endpoint/response.ts";
import {
  createFakeFetch,
  jsonResponse,
  tokenBody,
  type CannedAnswer,
  type FakeFetch,
} from "../fake-fetch.ts";
import { describe, expect, it } from "vitest";
import { rejectionOf } from "../promises.ts";

const redirectUri = "https://app.test/callback";
const user = { uuid: "{8f1c0d5e-0000-4000-8000-000000000001}", username: "ann" };

interface SignInUnderTest extends FakeFetch {
  readonly auth: BitbucketAuth;
  readonly storage: ReturnType<typeof createMemoryStorage>;
  /** Starts a sign-in and answers the callback that Bitbucket would make. */
  begin(): Promise<{ callback: string; transaction: AuthorizationTransaction; url: URL }>;
}

function signInUnderTest(
  answers: readonly [CannedAnswer, ...CannedAnswer[]],
  options: Partial<BitbucketAuthOptions> = {},
): SignInUnderTest {
  const network = createFakeFetch(...answers);
  const storage = createMemoryStorage();
  const auth = createBitbucketAuth({
    clientId: "the-key",
    clientSecret: "the-secret",
    storage,
    logging: false,
    fetch: network.fetch,
    ...options,
  });
  return {
    ...network,
    auth,
    storage,
    async begin() {
      const { url, transaction } = await auth.startAuthorization({ redirectUri });
      return {
        url: new URL(url),
        transaction,
        callback: `${redirectUri}?code=the-code&state=${transaction.state}`,
      };
    },
  };
}

async function keysIn({ storage }: SignInUnderTest): Promise<readonly string[]> {
  return Array.fromAsync(storage.list?.("") ?? []);
}

describe("startAuthorization()", () => {
  it("sends the user to Bitbucket with the key, the state, the challenge and the redirect URI", async () => {
    const { begin } = signInUnderTest([jsonResponse({})]);
    const { url, transaction } = await begin();
    expect(url.origin + url.pathname).toBe("https://bitbucket.org/site/oauth2/authorize");
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: "the-key",
      response_type: "code",
      state: transaction.state,
      redirect_uri: redirectUri,
      code_challenge: await codeChallengeOf(transaction.codeVerifier),
      code_challenge_method: "S256",
    });
    expect(transaction).toMatchObject({ redirectUri });
  });

  it("dates the transaction by the clock it was given, and takes no answer ten minutes later", async () => {
    let now = 1_800_000_000_000;
    const { auth, begin, requests } = signInUnderTest([jsonResponse({})], { clock: { now: () => now } });
    const { callback, transaction } = await begin();
    expect(transaction.createdAt).toBe(1_800_000_000_000);
    now += 600_001;
    expect(await rejectionOf(auth.finishAuthorization({ callback, transaction }))).toMatchObject({
      code: "authorization_callback_invalid",
      message: "The sign-in took longer than ten minutes. Start it again.",
    });
    expect(requests).toEqual([]);
  });
});

describe("finishAuthorization()", () => {
  it("exchanges the code once, asks who signed in, and saves the grant under that user's uuid", async () => {
    const signIn = signInUnderTest([jsonResponse(tokenBody()), jsonResponse(user)]);
    const { callback, transaction } = await signIn.begin();
    const { account, tokens } = await signIn.auth.finishAuthorization({ callback, transaction });

    expect(account).toBe(user.uuid);
    expect(tokens).toMatchObject({ accessToken: "access-1", refreshToken: "refresh-1", tokenType: "bearer" });
    const [exchange, question] = signIn.requests;
    expect(signIn.requests).toHaveLength(2);
    expect(Object.fromEntries(exchange?.form ?? [])).toEqual({
      grant_type: "authorization_code",
      code: "the-code",
      code_verifier: transaction.codeVerifier,
      redirect_uri: redirectUri,
    });
    expect(question).toMatchObject({ url: "https://api.bitbucket.org/2.0/user", method: "GET" });
    expect(question?.headers.get("authorization")).toBe("Bearer access-1");
    expect(await signIn.auth.getAccessToken(user.uuid)).toBe("access-1");
    expect(await keysIn(signIn)).toHaveLength(1);
  });

  it("tells who signed in, where it asked", async () => {
    const said = { ...user, account_id: "557058:1", display_name: "Ann", nickname: null, type: "user" };
    const signIn = signInUnderTest([jsonResponse(tokenBody()), jsonResponse(said)]);
    const { callback, transaction } = await signIn.begin();
    const finished = await signIn.auth.finishAuthorization({ callback, transaction });
    expect(finished.user).toEqual({ uuid: user.uuid, accountId: "557058:1", displayName: "Ann" });
  });

  it("asks who signed in for a caller who names the account, when told to", async () => {
    const signIn = signInUnderTest([jsonResponse(tokenBody()), jsonResponse(user)]);
    const { callback, transaction } = await signIn.begin();
    const options = { callback, transaction, account: "ann", user: true };
    expect(await signIn.auth.finishAuthorization(options)).toMatchObject({
      account: "ann",
      user: { uuid: user.uuid },
    });
  });

  it("refuses a parsed query, which cannot show what came twice, and says what to pass", async () => {
    const signIn = signInUnderTest([jsonResponse(tokenBody())]);
    const { callback, transaction } = await signIn.begin();
    const query = Object.fromEntries(new URL(callback).searchParams);
    // @ts-expect-error -- a caller without types
    const finishing = signIn.auth.finishAuthorization({ callback: query, transaction });
    expect(await rejectionOf(finishing)).toMatchObject({
      code: "invalid_options",
      message: expect.stringContaining("Pass req.originalUrl rather than the parsed req.query"),
    });
    expect(signIn.requests).toEqual([]);
    const parameters = new URL(callback).searchParams;
    const finished = await signIn.auth.finishAuthorization({
      callback: parameters,
      transaction,
      account: "ann",
    });
    expect(finished.account).toBe("ann");
  });

  it("does not ask who signed in when the account is given", async () => {
    const signIn = signInUnderTest([jsonResponse(tokenBody())]);
    const { callback, transaction } = await signIn.begin();
    const { account } = await signIn.auth.finishAuthorization({ callback, transaction, account: "ann" });
    expect(account).toBe("ann");
    expect(signIn.requests).toHaveLength(1);
    expect(await signIn.auth.getAccessToken("ann")).toBe("access-1");
  });

  it("lets a function choose the account by the tokens", async () => {
    const signIn = signInUnderTest([jsonResponse(tokenBody())]);
    const { callback, transaction } = await signIn.begin();
    const seen: TokenSet[] = [];
    const { account } = await signIn.auth.finishAuthorization({
      callback,
      transaction,
      account: async (tokens) => {
        seen.push(tokens);
        return `${tokens.accessToken}'s owner`;
      },
    });
    expect(account).toBe("access-1's owner");
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ accessToken: "access-1", scopes: ["account", "repository"] });
    expect(JSON.stringify(seen)).not.toContain("access-1");
    expect(signIn.requests).toHaveLength(1);
  });

  it.each([
    ["nothing", undefined],
    ["an empty text", ""],
    ["a number", 7],
  ])("saves nothing when the function answers %s", async (_what, answer) => {
    const signIn = signInUnderTest([jsonResponse(tokenBody())]);
    const { callback, transaction } = await signIn.begin();
    const account = (): string => answer as string;
    const error = await rejectionOf(signIn.auth.finishAuthorization({ callback, transaction, account }));
    expect(error).toMatchObject({
      code: "authorization_callback_invalid",
      message: "The `account` function named no account. Nothing was saved; sign in again.",
    });
    expect(await keysIn(signIn)).toEqual([]);
  });

  it("takes a callback once", async () => {
    const signIn = signInUnderTest([jsonResponse(tokenBody())]);
    const answer = { ...(await signIn.begin()), account: "ann" };
    await signIn.auth.finishAuthorization(answer);
    expect(await rejectionOf(signIn.auth.finishAuthorization(answer))).toMatchObject({
      code: "state_mismatch",
      message: "This sign-in is already finished. Start another.",
    });
    expect(signIn.requests).toHaveLength(1);
  });

  it("takes an answer of the authorization server's own issuer alone", async () => {
    const signIn = signInUnderTest([jsonResponse(tokenBody())]);
    const answerFrom = async (issuer: string) => {
      const { callback, transaction } = await signIn.begin();
      return { callback: `${callback}&iss=${issuer}`, transaction, account: "ann" };
    };
    const foreign = await answerFrom("https://evil.test");
    expect(await rejectionOf(signIn.auth.finishAuthorization(foreign))).toMatchObject({
      code: "authorization_callback_invalid",
      message:
        "The callback names another issuer (iss) than the server that was asked. Start the sign-in again.",
    });
    const own = await answerFrom("https://bitbucket.org");
    expect(await signIn.auth.finishAuthorization(own)).toMatchObject({ account: "ann" });
  });

  it("passes on why the code was refused, and saves nothing", async () => {
    const signIn = signInUnderTest([jsonResponse({ error: "invalid_grant" }, { status: 400 })]);
    const answer = { ...(await signIn.begin()), account: "ann" };
    expect(await rejectionOf(signIn.auth.finishAuthorization(answer))).toMatchObject({
      code: "token_request_rejected",
      action: "reauthorize",
      status: 400,
    });
    expect(await keysIn(signIn)).toEqual([]);
  });

  it.each([
    ["a refusal", jsonResponse({ error: { message: "No" } }, { status: 403 }), { status: 403 }],
    [
      "no uuid",
      jsonResponse({ username: "ann" }),
      { message: expect.stringContaining("names no uuid, so the grant was not saved. Sign in again") },
    ],
    ["an empty uuid", jsonResponse({ uuid: "" }), { transient: true, action: "retry", status: 200 }],
    ["no JSON", new Response("<html>"), { transient: true, action: "retry", status: 200 }],
    [
      "that it does not know the token",
      jsonResponse({}, { status: 401 }),
      {
        status: 401,
        action: "fix_config",
        message: expect.stringContaining(
          "refuses the access token it has just issued. Check the consumer's permissions",
        ),
      },
    ],
  ])("saves nothing when the API answers %s to who it is", async (_what, said, expected) => {
    const signIn = signInUnderTest([jsonResponse(tokenBody()), said]);
    const { callback, transaction } = await signIn.begin();
    expect(await rejectionOf(signIn.auth.finishAuthorization({ callback, transaction }))).toMatchObject(
      expected,
    );
    expect(await keysIn(signIn)).toEqual([]);
  });
});
