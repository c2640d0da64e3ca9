import { createBitbucketMock, type BitbucketMock, type BitbucketMockOptions } from "@bitbucket-auth/testing";
import { startBitbucketMock } from "@bitbucket-auth/testing/server";
import { onTestFinished } from "vitest";

/** What Bitbucket tells the owner of an app, and the fake that answers at those addresses until the test is over. */
export interface ServedBitbucket {
  readonly mock: BitbucketMock;
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  readonly apiUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly callbackUrl: string;
}

/** Serves it strictly: a refresh token works once, the secret has to come as HTTP Basic, PKCE is verified. */
export async function servedBitbucket(options: BitbucketMockOptions = {}): Promise<ServedBitbucket> {
  const clientId = "the key";
  // Characters over which clients differ: HTTP Basic is form-encoded by some (RFC 6749 section 2.3.1) and sent as it is by others.
  const clientSecret = "the secret: 100% of it, with +/=";
  const callbackUrl = "https://app.example/callback";
  const mock = createBitbucketMock({
    profile: { base: "strict", bodyCredentials: false },
    consumers: [{ clientId, clientSecret, callbackUrl }],
    ...options,
  });
  const server = await startBitbucketMock(mock);
  onTestFinished(() => server.close());
  const { authorize: authorizeUrl, token: tokenUrl, api: apiUrl } = server.urls;
  return { mock, authorizeUrl, tokenUrl, apiUrl, clientId, clientSecret, callbackUrl };
}

/** Opens the page an app sends users to, presses "Grant access", and answers where Bitbucket sends the browser then. */
export async function grantAccess(page: URL | string): Promise<URL> {
  const shown = await fetch(page);
  const html = await shown.text();
  if (!shown.ok || !html.includes("Grant access"))
    throw new Error(`There is no consent page: ${shown.status}`);
  const body = new URLSearchParams({ username: "alice", decision: "grant" });
  const decided = await fetch(page, { method: "POST", body, redirect: "manual" });
  return new URL(decided.headers.get("location") ?? "");
}

/** Who the API takes the bearer of a token for. */
export async function whoIs({ apiUrl }: ServedBitbucket, accessToken: string): Promise<string> {
  const answer = await fetch(`${apiUrl}/2.0/user`, { headers: { authorization: `Bearer ${accessToken}` } });
  const { username } = (await answer.json()) as { username: string };
  return username;
}
