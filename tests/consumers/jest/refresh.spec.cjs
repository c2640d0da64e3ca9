// Jest has a `require()` of its own, which takes ES modules from Node 24.9 on. Before that a CommonJS test uses `import()`.
test("a hundred callers cost one refresh", async () => {
  const { createBitbucketAuth } = await import("@bitbucket-auth/core");
  const { createBitbucketMock } = await import("@bitbucket-auth/testing");
  const { bitbucketMatchers } = await import("@bitbucket-auth/testing/jest");
  expect.extend(bitbucketMatchers);
  const mock = createBitbucketMock({ profile: "strict" });
  const grant = mock.issueGrant();
  const auth = createBitbucketAuth({ ...grant.clientOptions, fetch: mock.fetch, clock: mock.clock });
  await auth.saveTokens("alice", grant.tokens);
  await mock.clock.advance("2h");

  await Promise.all(Array.from({ length: 100 }, () => auth.getAccessToken("alice")));

  expect(mock).toHaveRefreshed(1);
  await auth.close();
});
