const { createBitbucketMock } = require("@bitbucket-auth/testing");
const { bitbucketMatchers } = require("@bitbucket-auth/testing/jest");
const { createApp } = require("./app.js");

expect.extend(bitbucketMatchers);

test("a hundred callers cost one refresh", async () => {
  const mock = createBitbucketMock({ profile: "strict" });
  const grant = mock.issueGrant();
  const app = createApp({ ...grant.clientOptions, fetch: mock.fetch, clock: mock.clock });
  await app.save("alice", grant.tokens);
  await mock.clock.advance("2h");

  await Promise.all(Array.from({ length: 100 }, () => app.token("alice")));

  expect(mock).toHaveRefreshed(1);
  await app.close();
});
