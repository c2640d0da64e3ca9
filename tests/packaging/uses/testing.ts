import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketMock, type BitbucketMock } from "@bitbucket-auth/testing";

const mock: BitbucketMock = createBitbucketMock({ profile: "strict" });
const { clientOptions, tokens } = mock.issueGrant({ user: "alice" });
const auth = createBitbucketAuth({ ...clientOptions, fetch: mock.fetch, clock: mock.clock });
await auth.saveTokens("alice", tokens);
await mock.clock.advance("2h");
const fresh: string = await auth.getAccessToken("alice");
if (fresh === tokens.accessToken || mock.violations.length > 0) throw new Error("It was not refreshed");
await auth.close();

/** Never called: what the types refuse. */
export function misuse(): unknown {
  // @ts-expect-error there is no such profile
  return createBitbucketMock({ profile: "lenient" });
}
