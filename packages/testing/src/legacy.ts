import { createBitbucketMock, type BitbucketMock } from "./fake/mock.js";

/** The access token that every token request is answered with after `mock()`. */
export const accessToken = "legacy-mock-access-token";

const key = "legacyMockKey";
const secret = "legacyMockSecret";
const refreshToken = "legacyMockRefreshToken";

/** Options for `sendRequest()` and `getAccessToken()`: a set that works and two that do not. */
export interface LegacyOptions {
  readonly valid: {
    readonly appName: string;
    readonly payload: { readonly grant_type: "refresh_token"; readonly refresh_token: string };
    readonly config: { readonly refresh_token: string };
    readonly consumerKey: string;
    readonly consumerSecret: string;
  };
  /** Neither key nor secret. */
  readonly missing: { readonly appName: string };
  /** A secret of the wrong type, and no key. */
  readonly invalid: { readonly appName: string; readonly consumerSecret: number };
}

/** What the tests of the 2017 packages call their functions with. */
export const opts: LegacyOptions = {
  valid: {
    appName: "my-app",
    payload: { grant_type: "refresh_token", refresh_token: refreshToken },
    config: { refresh_token: refreshToken },
    consumerKey: key,
    consumerSecret: secret,
  },
  missing: { appName: "my-app" },
  invalid: { appName: "my-app", consumerSecret: 32 },
};

/** A fake in place of the global `fetch`. */
export interface InstalledMock {
  readonly mock: BitbucketMock;
  /** Puts the `fetch` back that was there before, or steps aside where it is not on top. Calling it again is harmless. */
  restore(): void;
}

/**
 * Puts a fake Bitbucket in place of the global `fetch`: it knows the consumer and the refresh token of `opts.valid`, and
 * answers token requests with `accessToken`. Requests to other hosts go where they went before.
 *
 * New tests are better off with `createBitbucketMock()` and its `fetch`, which touches nothing global.
 */
export function mock(): InstalledMock {
  const fake = createBitbucketMock({
    profile: "cloud-legacy",
    consumers: [{ name: "my-app", clientId: key, clientSecret: secret }],
    // The second is who `basicAuth()` is.
    users: [{ username: "alice" }, { username: key, password: secret }],
  });
  fake.issueGrant({ accessToken, refreshToken });
  fake.faults.when("token", { fields: { access_token: accessToken } });
  const before = globalThis.fetch;
  const owned = new Set(["https://bitbucket.org", "https://api.bitbucket.org"]);
  let active = true;
  const installed: typeof globalThis.fetch = (input, init) => {
    const url = typeof input === "object" && "url" in input ? input.url : input;
    return (active && owned.has(new URL(url).origin) ? fake.fetch : before)(input, init);
  };
  globalThis.fetch = installed;
  return {
    mock: fake,
    restore() {
      active = false;
      if (globalThis.fetch === installed) globalThis.fetch = before;
    },
  };
}

/** Puts key and secret of `opts.valid` where `getAccessToken()` looks for them. Answers a function that takes them away. */
export function setEnvVars(): () => void {
  const before = {
    bitbucketKey: process.env["bitbucketKey"],
    bitbucketSecret: process.env["bitbucketSecret"],
  };
  Object.assign(process.env, { bitbucketKey: key, bitbucketSecret: secret });
  return () => {
    for (const [name, value] of Object.entries(before))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  };
}

/** What `basicAuth()` takes: the config of `getAccessToken()`, perhaps with credentials in it. */
export interface BasicAuthConfig {
  readonly appName?: string | undefined;
  readonly credentials?: { readonly username: string; readonly password: string } | undefined;
}

/** A `credentialsProvider`: the credentials of the config, else key and secret from the environment. */
export async function basicAuth(
  config: BasicAuthConfig = {},
): Promise<{ readonly username: string; readonly password: string }> {
  const { bitbucketKey: username = "", bitbucketSecret: password = "" } = process.env;
  return config.credentials ?? { username, password };
}
