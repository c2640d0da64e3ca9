import type { Clock } from "../environment.js";
import { type StopSignal, waitFor } from "../timing.js";
import type { TokenAnswer } from "../token-endpoint/answer.js";
import { fixed } from "./policy.js";

/** Permission to send one refresh; `report` says what was answered and must be called once. */
export interface Admission {
  /** `undefined`: nothing was sent after all. */
  report(answer: TokenAnswer["kind"] | undefined): void;
}

/**
 * Notices when Bitbucket refuses the whole consumer and not just one grant.
 *
 * One refusal proves nothing, but from then on refreshes go one at a time: the next answer to another grant tells a dead
 * grant (tokens) from a lockout (refused too). In a lockout nothing is sent but a probe after 20 s and then every 40 s.
 */
export interface ConsumerBreaker {
  /**
   * Resolves with permission, or with the time at which to come back. While another request's answer will decide it waits for
   * that, until the deadline.
   */
  admit(grantKey: string, deadline?: StopSignal): Promise<Admission | { readonly blockedUntil: number }>;
}

/** One per consumer and process. `onChange` is told of each new block with its end, and of the end of all with `undefined`. */
export function createConsumerBreaker(
  clock: Clock,
  onChange: (blockedUntil: number | undefined) => void,
): ConsumerBreaker {
  let state: "healthy" | "suspect" | "blocked" = "healthy";
  let blockedUntil = 0;
  let suspect: string | undefined;
  let probe: Promise<void> | undefined;

  const settle = (answer: TokenAnswer["kind"] | undefined, grantKey: string, isProbe: boolean): void => {
    if (answer === "tokens") {
      if (state === "blocked") onChange(undefined);
      state = "healthy";
    } else if (answer === "doubtful" && state === "healthy") {
      state = "suspect";
      suspect = grantKey;
    } else if (answer === "doubtful" && isProbe && (state === "blocked" || grantKey !== suspect)) {
      blockedUntil = clock.now() + (state === "suspect" ? fixed.firstProbeMs : fixed.nextProbeMs);
      state = "blocked";
      onChange(blockedUntil);
    }
  };
  const forget = (ended: Promise<void>): void => {
    if (probe === ended) probe = undefined;
  };
  const startProbe = (grantKey: string): Admission => {
    let finish: () => void = () => undefined;
    const own = new Promise<void>((resolve) => (finish = resolve));
    probe = own;
    return {
      report(answer) {
        forget(own);
        settle(answer, grantKey, true);
        finish();
      },
    };
  };

  return {
    async admit(grantKey, deadline) {
      while (state !== "healthy") {
        const leftMs = blockedUntil - clock.now();
        // More than that is left only when the clock was set back.
        if (state === "blocked" && leftMs > 0 && leftMs <= fixed.nextProbeMs) return { blockedUntil };
        if (!probe) return startProbe(grantKey);
        const waited = probe;
        // It rejects when a platform has ended the request that sent it. Where that makes it silent, the deadline tells.
        await waitFor(waited, [deadline]).catch(() => forget(waited));
        if (deadline?.aborted) return { blockedUntil: clock.now() };
      }
      return { report: (answer) => settle(answer, grantKey, false) };
    },
  };
}
