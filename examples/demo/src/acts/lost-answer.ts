import { asTold } from "../as-told.ts";
import { refreshesDuring } from "../refreshes-during.ts";
import type { Stage } from "../stage.ts";

/** Bitbucket rotates the refresh token, and the new one never arrives. Answers how many were served all the same. */
export async function lostAnswer({ timeline, auth, account, bitbucket, clock }: Stage): Promise<number> {
  await bitbucket.faults.next("token:refresh_token", { commitThen: "reset" });
  await clock.skipHours(2);
  timeline.timePasses("Two hours later. This time the connection will break, on purpose.");
  let recovered = false;
  const stopListening = auth.on("refreshed", (event) => (recovered = event.recovered));
  const { refreshes } = await refreshesDuring(bitbucket, () => auth.getAccessToken(account));
  stopListening();

  const [lost, repeated] = (await bitbucket.requests.token("refresh_token")).slice(-2);
  asTold("Refreshes sent", refreshes, 2);
  asTold("An answer to the first one went out", lost?.status !== undefined, false);
  asTold("Status of the second one's answer", repeated?.status, 200);
  asTold("Bitbucket was lenient with a used refresh token", repeated?.leeway, true);
  asTold("Core reports that it recovered", recovered, true);
  timeline.tell(
    "1st request: Bitbucket trades the refresh token for a new one, and the connection breaks before the answer is out.",
  );
  timeline.tell(
    "2nd request, at once and once only: the same refresh token again. A used one is still good for ten minutes.",
  );
  timeline.prove("The caller got a token and noticed nothing. The grant lives.");
  timeline.tell(
    "(Without these ten minutes the grant would be lost, and the error would have the reason lost_rotation.)",
  );
  return 1;
}
