import {
  createBitbucketAuth,
  createMemoryStorage,
  type BitbucketAuth,
  type BitbucketAuthOptions,
  type TokenStorage,
} from "@bitbucket-auth/core";
import { createBitbucketMock, type BitbucketMock, type BitbucketMockOptions } from "@bitbucket-auth/testing";
import type { Browser, BrowserAnswer } from "./browser.js";

export const secret = "a cookie secret for tests, not for you";

/** An app with a sign-in, a Bitbucket behind it, and browsers in front. */
export interface Sample {
  readonly mock: BitbucketMock;
  readonly alice: string;
  browser(headers?: Readonly<Record<string, string>>): Browser;
}

/** A request that reached the API. */
export type SentRequest = Pick<Request, "method" | "url" | "headers" | "text">;

/** The fake with its two users, and a `BitbucketAuth` on it. */
export interface World {
  readonly mock: BitbucketMock;
  readonly auth: BitbucketAuth;
  readonly storage: TokenStorage;
  readonly alice: string;
  /** What the API was asked for. */
  readonly sent: SentRequest[];
}

/** Two people, and whatever else is asked for. */
export function createWorld({
  bitbucket,
  core,
}: {
  readonly bitbucket?: BitbucketMockOptions | undefined;
  readonly core?: BitbucketAuthOptions | undefined;
} = {}): World {
  const mock = createBitbucketMock({
    profile: "strict",
    users: [
      { username: "alice", displayName: "Alice Example" },
      { username: "mallory", displayName: "Mallory Example" },
    ],
    ...bitbucket,
  });
  const storage = createMemoryStorage();
  const sent: SentRequest[] = [];
  const auth = createAuth(mock, storage, {
    ...core,
    fetch(input, init) {
      const request = new Request(input, init);
      if (request.url.startsWith("https://api.bitbucket.org/")) sent.push(request.clone());
      return (core?.fetch ?? mock.fetch)(request);
    },
  });
  return { mock, auth, storage, alice: mock.users[0]?.uuid ?? "", sent };
}

/** Another process of the same app would have one of its own. */
export function createAuth(
  mock: BitbucketMock,
  storage: TokenStorage,
  core: BitbucketAuthOptions = {},
): BitbucketAuth {
  const { clientOptions } = mock.issueGrant();
  return createBitbucketAuth({
    ...clientOptions,
    fetch: mock.fetch,
    clock: mock.clock,
    storage,
    logging: false,
    ...core,
  });
}

/** Opens the login route; answers where the browser is sent. */
export async function startSignIn(browser: Browser, path = "/auth/bitbucket"): Promise<URL> {
  const { headers } = await browser.get(path);
  return new URL(headers["location"] ?? "");
}

/** The path and query that Bitbucket calls back once the user has said yes. */
export function consent({ mock }: Pick<Sample, "mock">, url: URL, user = "alice"): string {
  const { redirect } = mock.authorize({ url: url.href, user });
  return redirect.pathname + redirect.search;
}

/** Goes through the whole sign-in; answers the answer to the callback. */
export async function signIn(
  sample: Pick<Sample, "mock">,
  browser: Browser,
  { user = "alice", path = "/auth/bitbucket" } = {},
): Promise<BrowserAnswer> {
  return browser.get(consent(sample, await startSignIn(browser, path), user));
}
