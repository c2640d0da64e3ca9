import { createBitbucketAuth, isBitbucketAuthError } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { assertNoViolations, assertRefreshed } from "@bitbucket-auth/testing/node";

const mock = createBitbucketMock({ profile: "strict" });
const { clientOptions } = mock.issueGrant();
const auth = createBitbucketAuth({ ...clientOptions, fetch: mock.fetch, clock: mock.clock, logging: false });
const { url, transaction } = await auth.startAuthorization();
const { account } = await auth.finishAuthorization({
  callback: mock.authorize({ url }).redirect,
  transaction,
});

await mock.clock.advance("2h");
const tokens = await Promise.all(Array.from({ length: 20 }, () => auth.getAccessToken(account)));
if (new Set(tokens).size !== 1) throw new Error("Twenty callers got different tokens");
assertRefreshed(mock, 1);
const user: unknown = await auth
  .fetchFor(account)("/2.0/user")
  .then((response) => response.json());
if (!JSON.stringify(user).includes("alice")) throw new Error(`Not alice: ${JSON.stringify(user)}`);

/** What the refresh of an expired token rejects with when the fake answers like that. */
async function refusedWith(fault: Parameters<typeof mock.faults.next>[1]): Promise<string> {
  await mock.clock.advance("2h");
  mock.faults.next("token:refresh_token", fault);
  const error: unknown = await auth.getAccessToken(account).catch((reason: unknown) => reason);
  return isBitbucketAuthError(error) ? error.code : String(error);
}
// The parser of answers and the sender of requests are the two dependencies.
const codes = [await refusedWith({ body: "wrong-types" }), await refusedWith({ status: 503 })];
if (codes.join() !== "token_response_invalid,token_request_failed") throw new Error(codes.join());
assertNoViolations(mock);
await auth.close();
