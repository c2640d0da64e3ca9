import { createAuthenticatedAPI } from "@bitbucket-auth/api-v2";
import { createAuthenticatedClient as createPackageClient } from "@bitbucket-auth/api-v2/bitbucket";
import { createAuthenticatedClient as createOpenApiClient } from "@bitbucket-auth/api-v2/openapi";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { assertNoViolations, assertRefreshed } from "@bitbucket-auth/testing/node";

const mock = createBitbucketMock({ profile: "strict" });
const { clientOptions, tokens } = mock.issueGrant();
const auth = createBitbucketAuth({ ...clientOptions, fetch: mock.fetch, clock: mock.clock, logging: false });
await auth.saveTokens("alice", tokens);
const whose = { auth, account: "alice" };

const api = await createAuthenticatedAPI(whose);
const openApi = await createOpenApiClient(whose);
const packaged = await createPackageClient(whose);
const calls: readonly (() => Promise<unknown>)[] = [
  () => api.get("user"),
  () => openApi.GET("/user", {}).then(({ data }) => data),
  () => packaged.request("GET /user").then(({ data }) => data),
];
for (const [index, call] of calls.entries()) {
  await mock.clock.advance("2h");
  const answer = JSON.stringify(await call());
  if (!answer.includes("alice")) throw new Error(`Client ${index} got ${answer}`);
  assertRefreshed(mock, index + 1);
}
assertNoViolations(mock);
await auth.close();
