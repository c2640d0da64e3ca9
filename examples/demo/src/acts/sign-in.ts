import type { BitbucketAuth } from "@bitbucket-auth/core";
import type { CallbackServer } from "../callback-server.ts";
import type { Timeline } from "../timeline.ts";

/** How consent is given: by the user in a browser, or by the demo itself. */
export type Consent = (authorizationUrl: string) => Promise<void>;

const patienceMs = 5 * 60_000;

/** Sends the user to Bitbucket, reads what the callback says, and saves the grant. Answers its account. */
export async function signIn(
  auth: BitbucketAuth,
  callbacks: CallbackServer,
  consent: Consent,
  timeline: Timeline,
): Promise<string> {
  const { redirectUri } = callbacks;
  const { url, transaction } = await auth.startAuthorization({ redirectUri });
  const [callback] = await Promise.all([callbacks.nextCallback(patienceMs), consent(url)]);
  timeline.tell("Bitbucket sends the browser back to the program.");
  const { account, tokens } = await auth.finishAuthorization({ callback, transaction });
  timeline.tell("The callback is checked, the code exchanged, the grant saved.");
  timeline.table([
    ["account", account],
    ["tokens, printed", String(tokens)],
  ]);
  return account;
}
