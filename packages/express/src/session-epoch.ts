import { type BitbucketAuth, type Clock, isBitbucketAuthError, type TokenSet } from "@bitbucket-auth/core";
import { sessionLifeMs } from "./session.js";

/**
 * The instant since when an account's sessions count. Signing out moves it, and every session from before is worth nothing
 * for good: in every browser, and also after the person has signed in again.
 *
 * It has to be known wherever the grant is. So it lies beside the grant, as a record of the same `BitbucketAuth`: in its
 * storage, under its encryption, served from memory for as long as a token is.
 */
export interface SessionEpochs {
  /** Epoch milliseconds, or `undefined` when nobody has signed in to this account. */
  current(account: string): Promise<number | undefined>;
  /** Makes sure that there is one which outlives a session that starts now. Answers when that session starts. */
  startSession(account: string, tokens: TokenSet): Promise<number>;
  /** Ends every session so far, the given one among them. */
  endSessions(account: string, issuedAt: number): Promise<void>;
}

/** An epoch without a sign-out lies this far back: sign-ins that run at once must not end each other. */
const marginMs = 10 * 60 * 1000;
/** With the week that core keeps an expired record, short of the eight weeks after which `keepAlive()` would look at it. */
const recordLifeMs = sessionLifeMs + 7 * 24 * 60 * 60 * 1000;

export function createSessionEpochs(auth: BitbucketAuth, clock: Clock): SessionEpochs {
  const read = async (account: string): Promise<{ epoch: number; expiresAt: number } | undefined> => {
    try {
      const { accessToken, expiresAt } = await auth.getTokens(keyOf(account));
      return { epoch: Number(accessToken), expiresAt };
    } catch (error) {
      return ifGone(error);
    }
  };
  const write = (account: string, epoch: number, expiresAt: number): Promise<void> =>
    auth.saveTokens(keyOf(account), { accessToken: String(epoch), expiresAt, tokenType: "bearer" });
  const looks = new Map<string, Promise<number>>();
  /** Answers the epoch, having made sure that there is one and that it lasts. */
  const look = async (account: string, onTheirClock: number): Promise<number> => {
    const known = await read(account);
    const epoch = known?.epoch ?? clock.now() - marginMs;
    // Note: dated by the new token's expiry, because the record is judged by the clock of `auth`, not by ours.
    if (known === undefined || known.expiresAt < onTheirClock + sessionLifeMs)
      await write(account, epoch, onTheirClock + recordLifeMs);
    return epoch;
  };
  return {
    async current(account) {
      try {
        return Number(await auth.getAccessToken(keyOf(account)));
      } catch (error) {
        return ifGone(error);
      }
    },
    async startSession(account, { expiresAt }) {
      // Tabs that come back at once share one look: twenty writers would only get in each other's way.
      const looking = looks.get(account) ?? look(account, expiresAt).finally(() => looks.delete(account));
      looks.set(account, looking);
      const epoch = await looking;
      return Math.max(clock.now(), epoch + 1);
    },
    async endSessions(account, issuedAt) {
      const known = await read(account);
      if (known) await write(account, Math.max(clock.now(), issuedAt, known.epoch), known.expiresAt);
    },
  };
}

function keyOf(account: string): string {
  return `sessions of ${account}`;
}

/** There is no such record, or its time is over; anything else is thrown on. */
function ifGone(error: unknown): undefined {
  if (isBitbucketAuthError(error) && error.action === "reauthorize") return undefined;
  throw error;
}
