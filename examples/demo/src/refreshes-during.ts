import type { RemoteBitbucketMock } from "@bitbucket-auth/testing/server";

/** Does the work and counts, in Bitbucket's own log, the refresh requests that arrived meanwhile. */
export async function refreshesDuring<Result>(
  bitbucket: RemoteBitbucketMock,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly refreshes: number }> {
  const before = await bitbucket.requests.count("token:refresh_token");
  const result = await work();
  const after = await bitbucket.requests.count("token:refresh_token");
  return { result, refreshes: after - before };
}
