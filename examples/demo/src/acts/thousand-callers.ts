import { asTold } from "../as-told.ts";
import { refreshesDuring } from "../refreshes-during.ts";
import type { Stage } from "../stage.ts";

const callers = 1_000;

/** The token expires, and all callers ask for a new one at once. Answers how many got it. */
export async function thousandCallers(stage: Stage): Promise<number> {
  const { timeline, auth, account, bitbucket, clock } = stage;
  await clock.skipHours(2);
  timeline.timePasses("Two hours later. The access token has expired.");
  timeline.tell("1,000 callers ask for a token in the same moment.");
  timeline.waiting("They are being served");

  let joined = 0;
  const stopListening = auth.on("joined", () => (joined += 1));
  const ask = (): Promise<string> => auth.getAccessToken(account);
  const { result: tokens, refreshes } = await refreshesDuring(bitbucket, () =>
    Promise.all(Array.from({ length: callers }, ask)),
  );
  stopListening();

  asTold("Different tokens handed out", new Set(tokens).size, 1);
  asTold("Refreshes sent", refreshes, 1);
  timeline.prove("1,000 callers served, all with the same new token.");
  timeline.prove(`${refreshes} refresh was sent, says Bitbucket's log; ${joined} callers joined it.`);
  return tokens.length;
}
