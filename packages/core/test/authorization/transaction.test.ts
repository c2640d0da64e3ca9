import {
  codeChallengeOf,
  createAuthorizationTransaction,
  parseAuthorizationTransaction,
  buildAuthorizationUrl,
} from "../../src/authorization/transaction.ts";
import { bitbucketCloud } from "../../src/environment.ts";
import { InvalidOptionsError } from "../../src/errors.ts";
import { describe, expect, it } from "vitest";

describe("createAuthorizationTransaction()", () => {
  it("draws 256 bits for the state and as many for the verifier", () => {
    const { state, codeVerifier } = createAuthorizationTransaction();
    expect([state, codeVerifier].map((text) => Buffer.from(text, "base64url").length)).toEqual([32, 32]);
  });

  it("never draws the same twice", () => {
    const drawn = Array.from({ length: 1_000 }, () => createAuthorizationTransaction());
    expect(new Set(drawn.flatMap(({ state, codeVerifier }) => [state, codeVerifier])).size).toBe(2_000);
  });

  it("keeps the redirect URI exactly as it was given, and the time", () => {
    const redirectUri = "http://LOCALHOST:3000/call%62ack?x=1";
    const transaction = createAuthorizationTransaction({ redirectUri, clock: { now: () => 42 } });
    expect(transaction).toMatchObject({ redirectUri, createdAt: 42 });
    expect(createAuthorizationTransaction()).not.toHaveProperty("redirectUri");
  });

  it.each(["http://127.0.0.1/callback", "http://intranet/callback", "com.example.app:/callback"])(
    "takes %s",
    (redirectUri) => {
      expect(createAuthorizationTransaction({ redirectUri }).redirectUri).toBe(redirectUri);
    },
  );

  it.each(["", "/callback", "callback", "https://app.test/callback#fragment", "https://app.test/callback#"])(
    "refuses %j as a redirect URI",
    (redirectUri) => {
      expect(() => createAuthorizationTransaction({ redirectUri })).toThrow(InvalidOptionsError);
      expect(() => createAuthorizationTransaction({ redirectUri })).toThrow(
        "an absolute URL without a fragment",
      );
    },
  );
});

describe("a redirect URI", () => {
  const ofLength = (length: number): string => "https://app.test/".padEnd(length, "x");

  it("may have 2,048 characters, as many as come back from a cookie", () => {
    const transaction = createAuthorizationTransaction({ redirectUri: ofLength(2_048) });
    expect(parseAuthorizationTransaction(transaction)).toEqual(transaction);
    expect(() => createAuthorizationTransaction({ redirectUri: ofLength(2_049) })).toThrow(
      InvalidOptionsError,
    );
  });

  it("stays away from a transaction that has none", () => {
    expect(parseAuthorizationTransaction(createAuthorizationTransaction())).not.toHaveProperty("redirectUri");
  });
});

describe("parseAuthorizationTransaction()", () => {
  it("reads what went through JSON", () => {
    const transaction = createAuthorizationTransaction({ redirectUri: "https://app.test/callback" });
    expect(parseAuthorizationTransaction(JSON.parse(JSON.stringify(transaction)))).toEqual(transaction);
  });

  it("drops what does not belong there", () => {
    const transaction = createAuthorizationTransaction();
    expect(parseAuthorizationTransaction({ ...transaction, admin: true })).toEqual(transaction);
  });

  const good = createAuthorizationTransaction();

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["text", JSON.stringify(good)],
    ["an array", [good]],
    ["no state", { ...good, state: undefined }],
    ["an empty state", { ...good, state: "" }],
    ["a short state", { ...good, state: "short" }],
    ["a state of another alphabet", { ...good, state: `${good.state.slice(1)}\n` }],
    ["a number for a state", { ...good, state: 1 }],
    ["no verifier", { ...good, codeVerifier: undefined }],
    ["a verifier longer than PKCE allows", { ...good, codeVerifier: "v".repeat(129) }],
    ["no time", { ...good, createdAt: undefined }],
    ["a time that is text", { ...good, createdAt: "2026" }],
    ["a time that is no time", { ...good, createdAt: Number.NaN }],
    ["a redirect URI that is none", { ...good, redirectUri: 1 }],
    ["an endless redirect URI", { ...good, redirectUri: `https://app.test/${"x".repeat(2_048)}` }],
  ])("refuses %s", (_title, value) => {
    expect(() => parseAuthorizationTransaction(value)).toThrow(InvalidOptionsError);
    expect(() => parseAuthorizationTransaction(value)).toThrow(
      "transaction is not what startAuthorization()",
    );
  });

  it("does not repeat what it refuses", () => {
    expect(() => parseAuthorizationTransaction({ ...good, createdAt: "x" })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(good.codeVerifier) as string }),
    );
  });
});

describe("codeChallengeOf()", () => {
  it("gives the challenge of RFC 7636, appendix B", async () => {
    const challenge = await codeChallengeOf("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    expect(challenge).toBe("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
  });
});

const redirectUri = "http://localhost:3000/auth/bitbucket/callback?a=b c";
const transaction = createAuthorizationTransaction({ redirectUri });

describe("buildAuthorizationUrl()", () => {
  it("leads to Bitbucket's consent page with state, redirect URI and PKCE challenge", async () => {
    const url = new URL(await buildAuthorizationUrl({ clientId: "the key&", transaction }));
    expect(url.origin + url.pathname).toBe(bitbucketCloud.authorizationUrl);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: "code",
      client_id: "the key&",
      state: transaction.state,
      redirect_uri: redirectUri,
      code_challenge: await codeChallengeOf(transaction.codeVerifier),
      code_challenge_method: "S256",
    });
  });

  it("never shows the verifier", async () => {
    expect(await buildAuthorizationUrl({ clientId: "key", transaction })).not.toContain(
      transaction.codeVerifier,
    );
  });

  it("leaves out the redirect URI when there is none, and asks for scopes when there are any", async () => {
    const url = await buildAuthorizationUrl({
      clientId: "key",
      transaction: createAuthorizationTransaction(),
      scopes: ["account", "email"],
    });
    const { searchParams } = new URL(url);
    expect(searchParams.has("redirect_uri")).toBe(false);
    expect(searchParams.get("scope")).toBe("account email");
  });

  it("keeps what the endpoint's URL says and owns what the sign-in says", async () => {
    const authorizationUrl =
      "https://login.test/authorize?tenant=1&state=forged&state=twice&redirect_uri=https://evil.test&scope=admin#x";
    const url = new URL(
      await buildAuthorizationUrl({
        clientId: "key",
        transaction: createAuthorizationTransaction(),
        authorizationUrl,
      }),
    );
    expect(url.searchParams.get("tenant")).toBe("1");
    expect(url.searchParams.getAll("state")).toHaveLength(1);
    expect(url.href).not.toMatch(/forged|evil|admin|#/);
  });

  it.each(["http://login.test/authorize", "javascript:alert(1)", "/authorize"])(
    "refuses to send a user to %s",
    async (authorizationUrl) => {
      const building = buildAuthorizationUrl({ clientId: "key", transaction, authorizationUrl });
      await expect(building).rejects.toThrow(InvalidOptionsError);
    },
  );

  it("refuses an empty client id", async () => {
    await expect(buildAuthorizationUrl({ clientId: "", transaction })).rejects.toThrow(InvalidOptionsError);
  });
});
