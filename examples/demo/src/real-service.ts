import { createBitbucketAuth, isBitbucketAuthError, type BitbucketAuth } from "@bitbucket-auth/core";
import { firstCalls } from "./acts/first-calls.ts";
import { signIn } from "./acts/sign-in.ts";
import { askInBrowser } from "./ask-in-browser.ts";
import { startCallbackServer } from "./callback-server.ts";
import type { Timeline } from "./timeline.ts";

/** Signs the user in to the real Bitbucket with the consumer from the environment, and calls the API. */
export async function visitRealService(
  timeline: Timeline,
  { port }: { readonly port: number },
): Promise<void> {
  const auth = createBitbucketAuth();
  const callbacks = await startCallbackServer(port);
  try {
    timeline.open(
      "Bitbucket Auth: a sign-in with the real Bitbucket",
      "BITBUCKET_CLIENT_ID and BITBUCKET_CLIENT_SECRET are set, so this is the real Bitbucket and you are the user. Nothing is kept: the grant is in memory and gone with this program. No token is ever printed.",
    );

    timeline.act("1  The consumer");
    timeline.tell(
      "On the consumer's page, under Workspace settings, it needs the permission Account: Read and exactly this callback URL:",
    );
    timeline.address(callbacks.redirectUri);
    timeline.waiting("Asking Bitbucket whether it knows the consumer");
    await introduceConsumer(auth, timeline);

    timeline.act("2  You sign in");
    const account = await signIn(auth, callbacks, askInBrowser(timeline), timeline);

    timeline.act("3  Who are you, and what do you see?");
    const name = await firstCalls({ auth, account, timeline });
    timeline.prove(`Signed in as ${name}.`);
  } finally {
    await auth.close();
    await callbacks.close();
  }
}

/** Finds out before the user is sent to a page whether Bitbucket can be reached and takes the key and secret. */
async function introduceConsumer(auth: BitbucketAuth, timeline: Timeline): Promise<void> {
  try {
    await auth.getAccessToken();
    timeline.tell("Bitbucket answers and knows the consumer.");
  } catch (error) {
    // A public consumer may not act as itself. Users can sign in with it.
    const isPublic =
      isBitbucketAuthError(error) &&
      error.code === "token_request_rejected" &&
      error.oauthError === "invalid_grant";
    if (!isPublic) throw error;
    timeline.tell("Bitbucket answers; the consumer is a public one.");
  }
}
