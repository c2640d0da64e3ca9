import { createBitbucketAuth } from "@bitbucket-auth/core";
import { bitbucketHandlers, listenStrictly } from "@bitbucket-auth/testing/msw";
import { assertNoViolations, expectSingleRefresh } from "@bitbucket-auth/testing/node";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { expect, onTestFinished, test } from "vitest";

test("the fake answers for Bitbucket's hosts, and the app's own handlers for the others", async () => {
  const handlers = bitbucketHandlers();
  const server = setupServer(
    http.get("https://weather.example/today", () => HttpResponse.text("sunny")),
    ...handlers,
  );
  listenStrictly(server);
  onTestFinished(() => server.close());
  const { clientId, clientSecret } = handlers.mock.issueGrant().clientOptions;
  const auth = createBitbucketAuth({ clientId, clientSecret });
  onTestFinished(() => auth.close());
  const { url, transaction } = await auth.startAuthorization();
  const { redirect } = handlers.mock.authorize({ url });
  const { account } = await auth.finishAuthorization({ callback: redirect, transaction });
  await handlers.mock.clock.advance("2h");

  const user = await auth.fetchFor(account)("/2.0/user");
  const weather = await fetch("https://weather.example/today");

  expect(await user.json()).toMatchObject({ username: "alice" });
  expect(await weather.text()).toBe("sunny");
  expectSingleRefresh(handlers.mock);
  assertNoViolations(handlers.mock);
});
