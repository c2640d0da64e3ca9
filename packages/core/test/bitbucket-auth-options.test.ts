import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { resolveOptions, type BitbucketAuthOptions } from "../src/bitbucket-auth-options.ts";
import { bitbucketCloud } from "../src/bitbucket-endpoints.ts";
import { InvalidOptionsError } from "../src/errors.ts";
import { createMemoryStorage } from "../src/storage/memory-storage.ts";
import { plaintextCipher } from "../src/storage/record-encryption.ts";
import type { TokenStorage } from "../src/storage/token-storage.ts";

const consumer = { clientId: "consumer-key", clientSecret: "consumer-secret" };
const key = new Uint8Array(32).fill(1);
const plain = new TextEncoder().encode("{}");
const variables = ["BITBUCKET_CLIENT_ID", "BITBUCKET_CLIENT_SECRET", "bitbucketKey", "bitbucketSecret"];

/** A storage as a shared one describes itself: nothing may reach it in clear by accident. */
function sharedStorage(extra: Partial<TokenStorage> = {}): TokenStorage {
  const storage = createMemoryStorage();
  const { plaintext: _plaintext, ...caps } = storage.caps;
  return { ...storage, caps, ...extra };
}

async function sealedWith(options: BitbucketAuthOptions): Promise<string> {
  const { cipher } = resolveOptions({ ...consumer, ...options });
  return new TextDecoder().decode(await cipher.seal("ann", plain));
}

beforeEach(() => {
  for (const name of variables) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("resolveOptions()", () => {
  it("needs no more than a consumer", () => {
    expect(resolveOptions(consumer)).toMatchObject({
      credentials: consumer,
      endpoints: bitbucketCloud,
      timeoutMs: 10_000,
      random: Math.random,
    });
  });

  it("takes the consumer from the environment, by our names before the old ones", () => {
    vi.stubEnv("bitbucketKey", "old-key");
    vi.stubEnv("bitbucketSecret", "old-secret");
    expect(resolveOptions({}).credentials).toEqual({ clientId: "old-key", clientSecret: "old-secret" });
    vi.stubEnv("BITBUCKET_CLIENT_ID", "new-key");
    vi.stubEnv("BITBUCKET_CLIENT_SECRET", "new-secret");
    expect(resolveOptions({}).credentials).toEqual({ clientId: "new-key", clientSecret: "new-secret" });
    expect(resolveOptions(consumer).credentials).toEqual(consumer);
  });

  it.each([
    [{}, "key"],
    [{ clientId: "consumer-key" }, "secret"],
    [{ clientSecret: "consumer-secret" }, "key"],
    [{ clientId: "", clientSecret: "consumer-secret" }, "key"],
  ])("says what is missing of %j, and where to find it", (options, missing) => {
    expect(() => resolveOptions(options)).toThrow(InvalidOptionsError);
    expect(() => resolveOptions(options)).toThrow(`The consumer's ${missing} is missing`);
    expect(() => resolveOptions(options)).toThrow("Workspace settings");
    expect(() => resolveOptions(options)).not.toThrow("consumer-secret");
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("refuses a timeout of %d ms", (timeoutMs) => {
    expect(() => resolveOptions({ ...consumer, timeoutMs })).toThrow(InvalidOptionsError);
  });

  it("makes the lease outlast the request and the wait outlast both", () => {
    const { policy } = resolveOptions({ ...consumer, timeoutMs: 60_000 });
    expect(policy.leaseMs).toBeGreaterThan(60_000);
    expect(policy.contentionMs).toBeGreaterThan(policy.leaseMs + 60_000);
  });

  it("refuses a lease that the request may outlast", () => {
    const options = { ...consumer, timeoutMs: 10_000, refresh: { leaseMs: 10_000 } };
    expect(() => resolveOptions(options)).toThrow(InvalidOptionsError);
  });

  it("asks for the global fetch when it is used, not when it is made", async () => {
    const { fetch } = resolveOptions(consumer);
    vi.stubGlobal("fetch", async () => new Response("replaced later"));
    const text = await (await fetch("https://bitbucket.org")).text();
    vi.unstubAllGlobals();
    expect(text).toBe("replaced later");
  });
});

describe("resolveOptions({ endpoints })", () => {
  it("keeps Bitbucket's where none is given, and takes an API origin apart from its slash", () => {
    const { endpoints } = resolveOptions({ ...consumer, endpoints: { apiUrl: "http://127.0.0.1:8080/" } });
    expect(endpoints).toEqual({ ...bitbucketCloud, apiUrl: "http://127.0.0.1:8080" });
  });

  it.each([
    { tokenUrl: "http://bitbucket.org/token" },
    { authorizationUrl: "ftp://bitbucket.org" },
    { apiUrl: "not a URL" },
    { apiUrl: "https://api.bitbucket.org/2.0" },
    { apiUrl: "https://api.bitbucket.org/?a=b" },
    { apiUrl: "https://api.bitbucket.org/#a" },
  ])("refuses %j", (endpoints) => {
    expect(() => resolveOptions({ ...consumer, endpoints })).toThrow(InvalidOptionsError);
  });
});

describe("resolveOptions({ encryption })", () => {
  it("leaves records in clear in memory, and where it is told to", () => {
    expect(resolveOptions(consumer).cipher).toBe(plaintextCipher);
    const options = { ...consumer, storage: sharedStorage(), encryption: "none" } as const;
    expect(resolveOptions(options).cipher).toBe(plaintextCipher);
  });

  it("seals with the given keys, in memory too", async () => {
    expect(await sealedWith({ encryption: { current: "k1", keys: { k1: key } } })).toMatch(/^bb1\.k1\./);
  });

  it("seals with the keys that a storage brings of its own", async () => {
    const storage = sharedStorage({ ownKeys: async () => ({ current: "own", keys: { own: key } }) });
    expect(await sealedWith({ storage })).toMatch(/^bb1\.own\./);
    expect(await sealedWith({ storage, encryption: { current: "k1", keys: { k1: key } } })).toMatch(
      /^bb1\.k1\./,
    );
  });

  it("writes nothing in clear by accident: a shared storage wants keys or an explicit 'none'", () => {
    expect(() => resolveOptions({ ...consumer, storage: sharedStorage() })).toThrow(InvalidOptionsError);
    expect(() => resolveOptions({ ...consumer, storage: sharedStorage() })).toThrow("randomBytes(32)");
  });

  it.each<readonly [string, unknown]>([
    ["a passphrase", "correct horse battery staple"],
    ["a key that is too short", { current: "k1", keys: { k1: new Uint8Array(16) } }],
    ["a current key that is missing", { current: "k2", keys: { k1: key } }],
    ["an id without keys", { current: "k1" }],
  ])("refuses %s before anything is written", (_what, encryption) => {
    const options = { ...consumer, encryption } as unknown as BitbucketAuthOptions;
    expect(() => resolveOptions(options)).toThrow(InvalidOptionsError);
    expect(() => resolveOptions(options)).toThrow("randomBytes(32)");
  });
});
