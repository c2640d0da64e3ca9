import { isBitbucketAuthError } from "@bitbucket-auth/core";
import { asTold, NotAsToldError } from "../as-told.ts";
import { errorRows } from "../error-rows.ts";
import { refreshesDuring } from "../refreshes-during.ts";
import type { Stage } from "../stage.ts";

const callers = 1_000;

/** The user withdraws the consent, and the program is told what to do about it. Answers how many callers were told. */
export async function revokedGrant({ timeline, auth, account, bitbucket, clock }: Stage): Promise<number> {
  const [signInRequest] = (await bitbucket.requests.token("authorization_code")).slice(-1);
  await bitbucket.grant(signInRequest?.grantId ?? "").revoke();
  await clock.skipHours(2);
  timeline.timePasses("Two hours later. The grant was revoked in Bitbucket's settings.");
  timeline.tell("A caller asks for a token, and getAccessToken() rejects:");
  timeline.waiting("Making sure that no other process has a newer token");
  const error = await rejectionOf(auth.getAccessToken(account));
  if (!isBitbucketAuthError(error)) throw error;
  asTold("The error's code", error.code, "refresh_rejected");
  asTold("The error's action", error.action, "reauthorize");
  timeline.table(errorRows(error));

  const { result: codes, refreshes } = await refreshesDuring(bitbucket, () =>
    Promise.all(
      Array.from({ length: callers }, async () => codeOf(await rejectionOf(auth.getAccessToken(account)))),
    ),
  );
  asTold("Different error codes", new Set(codes).size, 1);
  asTold("The error's code", codes[0], error.code);
  asTold("Refreshes sent", refreshes, 0);
  timeline.prove("1,000 more callers get the same answer. Bitbucket hears of none.");
  return codes.length + 1;
}

async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new NotAsToldError("A token was handed out for a revoked grant.");
}

function codeOf(error: unknown): string {
  return isBitbucketAuthError(error) ? error.code : "unknown";
}
