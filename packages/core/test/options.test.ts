import type { FetchForOptions, GetTokenOptions, TokenConfig } from "../src/index.ts";
import { bitbucketCloud, environmentVariable, chooseLogger, type Logger } from "../src/environment.ts";
import { createAuthorizationTransaction } from "../src/authorization/transaction.ts";
import { createBitbucketAuth } from "../src/create-bitbucket-auth.ts";
import { InvalidOptionsError } from "../src/errors.ts";
import { resolveOptions, type BitbucketAuthOptions } from "../src/options.ts";
import { plaintextCipher } from "../src/storage/encryption.ts";
import { createMemoryStorage } from "../src/storage/memory-storage.ts";
import type { TokenStorage } from "../src/storage/token-storage.ts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

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
  it("needs a consumer only", () => {
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

describe("the consumer's credentials", () => {
  it.each([
    "secret\n",
    "secret\r\n",
    " secret",
    "\tsecret",
    "sec\nret",
    "sec\u0000ret",
    "secret\u2028",
    "\uFEFFsecret",
    "secret\u200B",
  ])("are refused with white space at an end or a line end in them: %j", (value) => {
    for (const [options, name] of [
      [{ ...consumer, clientSecret: value }, "clientSecret"],
      [{ ...consumer, clientId: value }, "clientId"],
    ] as const) {
      expect(() => resolveOptions(options)).toThrow(InvalidOptionsError);
      expect(() => resolveOptions(options)).toThrow(new RegExp(`^${name} contains a line end`));
      expect(() => resolveOptions(options)).not.toThrow("secret\n");
    }
  });

  it.each(["undefined", "null", "[object Object]"])(
    "are refused where something that is missing was made a text: %j",
    (value) => {
      for (const name of ["clientId", "clientSecret"])
        expect(() => resolveOptions({ ...consumer, [name]: value })).toThrow(
          new RegExp(`^${name} is the text "`),
        );
    },
  );

  it.each([`"sec'ret"`, "'secret'", "`secret`", '""'])(
    "are refused with quotation marks around them: %s",
    (value) => {
      for (const name of ["clientId", "clientSecret"]) {
        const make = (): unknown => resolveOptions({ ...consumer, [name]: value });
        expect(make).toThrow(new RegExp(`^${name} has quotation marks around it`));
        expect(make).not.toThrow("secret");
      }
    },
  );

  it.each(['sec"ret', '"secret', "it's", "undefined-1", "se cret"])(
    "may have any other characters in them: %j",
    (value) => {
      expect(resolveOptions({ ...consumer, clientSecret: value }).credentials.clientSecret).toBe(value);
    },
  );

  it("are refused as well when they come from the environment, whose variable is named", () => {
    vi.stubEnv("bitbucketKey", "old-key");
    vi.stubEnv("BITBUCKET_CLIENT_SECRET", "secret\n");
    expect(() => resolveOptions({})).toThrow(
      "clientSecret (from the environment variable BITBUCKET_CLIENT_SECRET) contains a line end",
    );
  });
});

describe("an option", () => {
  it.each<readonly [string, Record<string, unknown>, RegExp]>([
    [
      "of the whole",
      { clientID: "a" },
      /^createBitbucketAuth\(\) has no option "clientID"\. It takes: clientId, /,
    ],
    ["of the endpoints", { endpoints: { apiURL: "https://a.example" } }, /^endpoints has no option "apiURL"/],
    [
      "of the refresh policy",
      { refresh: { eager: 1 } },
      /^refresh has no option "eager"\. It takes: eagerMs/,
    ],
    [
      "of the encryption",
      { encryption: { current: "k1", keys: { k1: key }, migrate: true } },
      /^encryption has no option "migrate"/,
    ],
    ["with a name like no option's", { "<script>": 1 }, /has no option of that name/],
  ])("%s that there is none of is refused by name", (_what, options, message) => {
    expect(() => resolveOptions({ ...consumer, ...options })).toThrow(message);
    expect(() => resolveOptions({ ...consumer, ...options })).toThrow(InvalidOptionsError);
  });

  it("that is undefined counts as left out, wherever it stands", () => {
    const names =
      "storage encryption endpoints fetch timeoutMs refresh onUnpersisted logger logging clock random";
    const left = Object.fromEntries(names.split(" ").map((name) => [name, undefined]));
    expect(resolveOptions({ ...consumer, ...left })).toMatchObject({
      endpoints: bitbucketCloud,
      timeoutMs: 10_000,
    });
    const nested = resolveOptions({
      ...consumer,
      endpoints: { apiUrl: undefined, tokenUrl: undefined },
      refresh: { leaseMs: undefined, eagerMs: undefined },
    });
    expect(nested.endpoints).toEqual(bitbucketCloud);
    expect(nested.policy).toMatchObject({ leaseMs: 30_000, eagerMs: 900_000 });
  });

  it("may be undefined for the compiler too", () => {
    const everything: Required<BitbucketAuthOptions> = {
      clientId: undefined,
      clientSecret: undefined,
      storage: undefined,
      encryption: undefined,
      endpoints: { authorizationUrl: undefined, tokenUrl: undefined, apiUrl: undefined },
      fetch: undefined,
      timeoutMs: undefined,
      refresh: { eagerMs: undefined, pollMs: undefined },
      onUnpersisted: undefined,
      waitUntil: undefined,
      logger: undefined,
      logging: undefined,
      clock: undefined,
      random: undefined,
    };
    const config: TokenConfig = {
      appName: undefined,
      consumerKey: undefined,
      refreshToken: undefined,
      storage: undefined,
      loadConfig: undefined,
      sendRequest: undefined,
      credentialsProvider: undefined,
    };
    const limits: FetchForOptions = {
      timeoutMs: undefined,
      rateLimitBudgetMs: undefined,
      archives: undefined,
    };
    const want: GetTokenOptions = { signal: undefined, minValidityMs: undefined, rejected: undefined };
    expect([config.appName, limits.archives, want.signal]).toEqual([undefined, undefined, undefined]);
    expect(resolveOptions({ ...everything, ...consumer }).credentials).toEqual(consumer);
  });

  it.each([Date, { now: Date.now }, performance, Object.assign(() => 1, { now: () => 7 })])(
    "clock is anything with now()",
    (clock) => {
      expect(resolveOptions({ ...consumer, clock }).clock).toBe(clock);
    },
  );
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

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

describe("environmentVariable()", () => {
  it("reads a variable of the process", () => {
    vi.stubEnv("BITBUCKET_CLIENT_ID", "consumer-key");
    expect(environmentVariable("BITBUCKET_CLIENT_ID")).toBe("consumer-key");
  });

  it("takes an empty variable for an absent one", () => {
    vi.stubEnv("BITBUCKET_CLIENT_ID", "");
    expect(environmentVariable("BITBUCKET_CLIENT_ID")).toBeUndefined();
  });

  it.each([
    ["no process", undefined],
    ["a process without an environment", {}],
    ["a process whose environment is null", { env: null }],
    ["an environment of other things than strings", { env: { BITBUCKET_CLIENT_ID: 5 } }],
  ])("finds nothing where the runtime has %s", (_what, process) => {
    vi.stubGlobal("process", process);
    const found = environmentVariable("BITBUCKET_CLIENT_ID");
    vi.unstubAllGlobals();
    expect(found).toBeUndefined();
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("chooseLogger()", () => {
  it("takes the given logger, whether logging is asked for or not mentioned", () => {
    const given: Logger = {};
    expect(chooseLogger(given, undefined)).toBe(given);
    expect(chooseLogger(given, true)).toBe(given);
  });

  it("silences everything for logging: false, a given logger too", () => {
    const lines: string[] = [];
    const chosen = chooseLogger({ error: (message) => lines.push(message) }, false);
    chosen.error?.("unsaved");
    expect(lines).toEqual([]);
  });

  it("logs to the console for logging: true", () => {
    expect(chooseLogger(undefined, true)).toBe(console);
  });

  it("shows errors alone when neither option is given", () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const chosen = chooseLogger(undefined, undefined);
    chosen.error?.("unsaved", { attempts: 1 });
    expect(error).toHaveBeenCalledWith("unsaved", { attempts: 1 });
    expect([chosen.debug, chosen.info, chosen.warn]).toEqual([undefined, undefined, undefined]);
  });
});

describe("a runtime without Web Crypto", () => {
  afterEach(() => void vi.unstubAllGlobals());

  it.each([
    ["createBitbucketAuth()", () => createBitbucketAuth(consumer)],
    ["createAuthorizationTransaction()", () => createAuthorizationTransaction()],
  ])("is refused by %s, which says what to do on a page and in jsdom", (_name, call) => {
    for (const crypto of [undefined, { getRandomValues: () => new Uint8Array(32) }]) {
      vi.stubGlobal("crypto", crypto);
      expect(call).toThrow(
        expect.objectContaining({
          code: "invalid_options",
          message: expect.stringMatching(/no Web Crypto.*https: or localhost.*jsdom.*node:crypto/),
        }),
      );
    }
  });
});
