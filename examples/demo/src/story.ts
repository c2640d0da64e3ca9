import { createBitbucketAuth, type BitbucketAuth } from "@bitbucket-auth/core";
import { connectBitbucketMock } from "@bitbucket-auth/testing/server";
import { firstCalls } from "./acts/first-calls.ts";
import { lostAnswer } from "./acts/lost-answer.ts";
import { revokedGrant } from "./acts/revoked-grant.ts";
import { signIn, type Consent } from "./acts/sign-in.ts";
import { summary } from "./acts/summary.ts";
import { thousandCallers } from "./acts/thousand-callers.ts";
import { webApp } from "./acts/web-app.ts";
import { approveConsent } from "./approve-consent.ts";
import { askInBrowser } from "./ask-in-browser.ts";
import { startCallbackServer } from "./callback-server.ts";
import { startFakeProcess, type FakeProcess } from "./fake-process.ts";
import { createSharedClock } from "./shared-clock.ts";
import type { Stage } from "./stage.ts";
import type { Timeline } from "./timeline.ts";

/** The whole story, against a fake Bitbucket in a process of its own. Rejects when it does not go as told. */
export async function tellStory(
  timeline: Timeline,
  { browser, port }: { readonly browser: boolean; readonly port: number },
): Promise<void> {
  const callbacks = await startCallbackServer(port);
  try {
    const fake = await startFakeProcess(callbacks.redirectUri);
    try {
      const consent = browser ? askInBrowser(timeline) : approveByItself(timeline);
      await play(timeline, fake, (auth) => signIn(auth, callbacks, consent, timeline));
    } finally {
      await fake.stop();
    }
  } finally {
    await callbacks.close();
  }
}

async function play(
  timeline: Timeline,
  fake: FakeProcess,
  signInWith: (auth: BitbucketAuth) => Promise<string>,
): Promise<void> {
  const bitbucket = await connectBitbucketMock(fake.url);
  const clock = createSharedClock(bitbucket);
  const { authorize, token, api } = bitbucket.urls;
  const auth = createBitbucketAuth({
    clientId: fake.clientId,
    clientSecret: fake.clientSecret,
    endpoints: { authorizationUrl: authorize, tokenUrl: token, apiUrl: api },
    clock,
  });
  try {
    timeline.open(
      "Bitbucket Auth: sign in once, hold a working token",
      `This program (process ${process.pid}) signs a user in and keeps a working token. Bitbucket is a fake: process ${fake.pid}, over HTTP at ${fake.url}. As the real one does, it trades each refresh token for a new one. No token is ever printed.`,
    );

    timeline.act("1  A user signs in");
    const account = await signInWith(auth);
    const stage: Stage = { timeline, auth, account, bitbucket, clock };

    timeline.act("2  Who is it, and what do they see?");
    await firstCalls(stage);

    timeline.act("3  The token expires, and 1,000 callers ask at once");
    const servedAtOnce = await thousandCallers(stage);

    timeline.act("4  The answer to a refresh gets lost");
    const servedAfterLoss = await lostAnswer(stage);

    timeline.act("5  The user revokes the grant");
    const told = await revokedGrant(stage);

    timeline.act("6  The user signs in again, as the error said");
    const again = await signInWith(auth);
    const name = await firstCalls({ ...stage, account: again });
    timeline.prove(`${name} is back.`);

    timeline.act("7  The same in a web app");
    await webApp(timeline);

    timeline.act("In sum");
    await summary(stage, { served: servedAtOnce + servedAfterLoss, told });
  } finally {
    await auth.close();
  }
}

function approveByItself(timeline: Timeline): Consent {
  return async (url) => {
    timeline.tell(`The program sends the browser to Bitbucket: ${new URL(url).pathname}`);
    const { username } = await approveConsent(url);
    timeline.tell(`On the consent page, ${username} presses "Grant access".`);
  };
}
