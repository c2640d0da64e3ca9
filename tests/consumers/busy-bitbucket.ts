import { createBitbucketMock, type BitbucketMock } from "@bitbucket-auth/testing";
import { startBitbucketMock, type BitbucketMockServer } from "@bitbucket-auth/testing/server";

/** A served fake to which everything has happened that its pages can show. */
export async function startBusyBitbucket(): Promise<BitbucketMockServer> {
  const mock = createBitbucketMock({
    profile: "strict",
    consumers: [
      { name: "Release notes", scopes: ["account", "email", "repository:write", "pullrequest", "webhook"] },
      { name: "A consumer with a name that is rather long & <odd>", scopes: ["account"], private: false },
    ],
    users: [
      { username: "alice", displayName: "Alice Example" },
      { username: "bartholomew", displayName: "Bartholomew Featherstonehaugh-Cholmondeley" },
    ],
  });
  const server = await startBitbucketMock(mock);
  const grant = mock.issueGrant({ user: "alice" });
  const { refreshToken = "" } = grant.tokens;
  await refresh(mock, refreshToken);
  mock.issueGrant({ user: "bartholomew" });
  mock.grant(mock.issueGrant({ consumer: mock.consumers[1]?.clientId ?? "" })).revoke();
  mock.faults.next("token", { status: 503, retryAfter: 30 });
  await refresh(mock, mock.issueGrant().tokens.refreshToken ?? "");
  await refresh(mock, refreshToken); // reuse: the grant dies
  await get(mock, "/2.0/user", grant.tokens.accessToken);
  await get(mock, `/2.0/user?access_token=${grant.tokens.accessToken}`);
  await get(mock, "/2.0/repositories/acme/website/some/endpoint/that/does/not/exist/anywhere/at/all");
  return server;
}

function refresh(mock: BitbucketMock, refreshToken: string): Promise<Response> {
  const [consumer] = mock.consumers;
  const authorization = `Basic ${btoa(`${consumer?.clientId}:${consumer?.clientSecret}`)}`;
  return fetch(mock.urls.token, {
    method: "POST",
    headers: { authorization },
    body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken }),
  });
}

function get({ urls }: BitbucketMock, path: string, accessToken?: string): Promise<Response> {
  const headers = accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` };
  return fetch(`${urls.api}${path}`, { headers });
}
