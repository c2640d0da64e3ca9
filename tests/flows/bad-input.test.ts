import { randomBytes } from "node:crypto";
import { createBitbucketAuth, createMemoryStorage, type TokenStorage } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { rejection, signedInApp } from "./signed-in-app.ts";

const thrown = (call: () => unknown): unknown => {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("It was expected to throw, and it did not.");
};

async function onlyEntry(storage: TokenStorage) {
  const [key = ""] = await Array.fromAsync(storage.list?.("") ?? []);
  return { key, entry: await storage.get(key) };
}

describe("bad input", () => {
  it("asks for the consumer's key by name when it is missing", () => {
    const error = thrown(() => createBitbucketAuth({ clientSecret: "a secret that must not be shown" }));

    expect(error).toMatchObject({ code: "invalid_options", action: "fix_config" });
    expect(String(error)).toContain("BITBUCKET_CLIENT_ID");
    expect(String(error)).not.toContain("must not be shown");
  });

  it.each([
    "http://bitbucket.org/site/oauth2/access_token",
    "http://127.0.0.1.evil.example/",
    "ftp://bitbucket.org",
  ])("refuses to send a secret to %s", (tokenUrl) => {
    const error = thrown(() =>
      createBitbucketAuth({ clientId: "a", clientSecret: "b", endpoints: { tokenUrl } }),
    );
    expect(error).toMatchObject({ code: "invalid_options" });
  });

  it("takes plain http to a loopback host", () => {
    const endpoints = { tokenUrl: "http://127.0.0.1:7990/token", apiUrl: "http://localhost:7990" };
    expect(createBitbucketAuth({ clientId: "a", clientSecret: "b", endpoints })).toBeDefined();
  });

  it("refuses a shared storage without a word about encryption, and says how to make a key", () => {
    const memory = createMemoryStorage();
    const storage: TokenStorage = { ...memory, caps: { ...memory.caps, durable: true, plaintext: false } };
    const error = thrown(() => createBitbucketAuth({ clientId: "a", clientSecret: "b", storage }));

    expect(error).toMatchObject({ code: "invalid_options" });
    expect(String(error)).toContain("randomBytes(32)");
  });

  it("sends nothing for an account that never signed in", async () => {
    const { mock, auth } = await signedInApp();

    expect(await rejection(auth.getAccessToken("bob"))).toMatchObject({
      code: "signed_out",
      action: "reauthorize",
    });
    expect(await rejection(auth.getAccessToken(""))).toMatchObject({ code: "invalid_options" });
    expect(mock.requests.all).toHaveLength(0);
  });

  it("leaves a corrupt record as it is and sends nothing", async () => {
    const storage = createMemoryStorage();
    const { mock, another } = await signedInApp({ storage });
    const { key, entry } = await onlyEntry(storage);
    const corrupt = new TextEncoder().encode('{"schema":1,"accessToken":');
    await storage.compareAndSwap(key, entry?.version ?? null, corrupt, { version: "corrupt" });

    expect(await rejection(another({ storage }).getAccessToken("alice"))).toMatchObject({
      code: "record_unreadable",
      reason: "corrupt",
    });
    expect((await storage.get(key))?.bytes).toEqual(corrupt);
    expect(mock.requests.all).toHaveLength(0);
  });

  it("leaves a record alone that was sealed with another key, and reads it again with the right one", async () => {
    const storage = createMemoryStorage();
    const right = { current: "k1", keys: { k1: randomBytes(32) } };
    const { mock, another, grant } = await signedInApp({ storage, encryption: right });
    const before = await onlyEntry(storage);

    const wrong = another({ storage, encryption: { current: "k1", keys: { k1: randomBytes(32) } } });
    const unknown = another({ storage, encryption: { current: "k2", keys: { k2: randomBytes(32) } } });
    expect(await rejection(wrong.getAccessToken("alice"))).toMatchObject({
      reason: "unreadable",
      action: "fix_config",
    });
    expect(await rejection(unknown.getAccessToken("alice"))).toMatchObject({ reason: "unknown_key" });
    expect(await rejection(another({ storage }).getAccessToken("alice"))).toMatchObject({ reason: "sealed" });

    expect(await onlyEntry(storage)).toEqual(before);
    expect(await another({ storage, encryption: right }).getAccessToken("alice")).toBe(
      grant.tokens.accessToken,
    );
    expect(mock.requests.all).toHaveLength(0);
  });

  it("keeps the old refresh token through malformed answers and uses it after the cool-down", async () => {
    const { mock, auth, expire } = await signedInApp();
    await expire();
    mock.faults.next("token", {
      answer: { status: 200, headers: { "content-type": "text/html" }, body: "<html>" },
    });

    expect(await rejection(auth.getAccessToken("alice"))).toMatchObject({ code: "token_response_invalid" });
    expect(await rejection(auth.getAccessToken("alice"))).toMatchObject({ code: "token_response_invalid" });
    expect(mock.requests.token()).toHaveLength(1);
    await mock.clock.advance("6s");
    await expect(auth.getAccessToken("alice")).resolves.toBeTypeOf("string");
  });

  it.each([301, 302, 303, 307, 308] as const)(
    "does not follow a %i of the token endpoint",
    async (redirect) => {
      const { mock, auth, expire } = await signedInApp();
      await expire();
      mock.faults.next("token", { redirect, to: "https://evil.example/collect" });

      expect(await rejection(auth.getAccessToken("alice"))).toMatchObject({ code: "token_response_invalid" });
      expect(mock.requests.all).toHaveLength(1);
    },
  );
});
