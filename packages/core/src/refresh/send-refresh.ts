import { refreshTokenForm } from "../grants/refresh-token.js";
import type { TokenAnswer } from "../token-endpoint/token-answer.js";
import type { RefreshContext } from "./refresh-context.js";
import { pause } from "./timers.js";

/** The last answer, and whether an earlier copy of the same request may have reached Bitbucket. */
export interface SentRefresh {
  readonly answer: TokenAnswer;
  readonly mayHaveBeenRedeemed: boolean;
}

/**
 * Redeems a refresh token before the deadline.
 *
 * A request that never left is tried again a few times. One whose answer was lost, or was a 5xx that may have come after the
 * fact, is sent once more, at once, when `mayResend`: with Bitbucket's leeway that saves the grant, and without it the grant was lost already. Nothing else is
 * ever repeated, and an answer that arrived but makes no sense is not either.
 */
export async function sendRefresh(
  context: RefreshContext,
  refreshToken: string,
  { mayResend, deadline }: { readonly mayResend: boolean; readonly deadline: AbortSignal },
): Promise<SentRefresh> {
  const { policy, requestTokens, random, closing } = context;
  const isOver = (): boolean => deadline.aborted || closing.aborted;
  let mayHaveBeenRedeemed = false;
  for (let unsent = 0; ;) {
    const answer = await requestTokens(refreshTokenForm(refreshToken), "refresh_token", deadline);
    if (answer.kind === "unsent" && unsent < policy.unsentRetries && !isOver()) {
      await pause(random() * 100 * 2 ** unsent, [deadline, closing]);
      if (isOver()) return { answer, mayHaveBeenRedeemed };
      unsent++;
    } else if (isUndecided(answer) && mayResend && !mayHaveBeenRedeemed && !isOver()) {
      mayHaveBeenRedeemed = true;
    } else {
      return { answer, mayHaveBeenRedeemed };
    }
  }
}

function isUndecided(answer: TokenAnswer): boolean {
  return answer.kind === "ambiguous" && answer.error.code === "token_request_failed";
}
