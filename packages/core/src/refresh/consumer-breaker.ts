import type { Clock } from "../clock.js";
import { waitFor } from "./timers.js";

/** What became of a refresh that the breaker let through. */
export type Verdict = "accepted" | "refused" | "unknown";

/** Permission to send one refresh; `report` says how it went and must be called once. */
export interface Admission {
  report(verdict: Verdict): void;
}

/**
 * Notices when Bitbucket refuses the whole consumer and not just one grant.
 *
 * One refusal proves nothing, but from then on refreshes go one at a time: the next answer to another grant tells a dead
 * grant (accepted) from a lockout (refused). In a lockout nothing is sent but a probe after 20 s and then every 40 s.
 */
export interface ConsumerBreaker {
  /**
   * Resolves with permission, or with the time at which to come back. While another's answer will decide it waits for that,
   * until the deadline.
   */
  admit(grantKey: string, deadline?: AbortSignal): Promise<Admission | { readonly blockedUntil: number }>;
}

const firstProbeMs = 20_000;
const nextProbeMs = 40_000;

/** One per consumer and process. */
export function createConsumerBreaker(
  clock: Clock,
  onChange: (blockedUntil: number | undefined) => void,
): ConsumerBreaker {
  let state: "healthy" | "suspect" | "blocked" = "healthy";
  let blockedUntil = 0;
  let suspect: string | undefined;
  let probe: Promise<void> | undefined;

  const settle = (verdict: Verdict, grantKey: string, isProbe: boolean): void => {
    if (verdict === "accepted") {
      if (state === "blocked") onChange(undefined);
      state = "healthy";
    } else if (verdict === "refused" && state === "healthy") {
      state = "suspect";
      suspect = grantKey;
    } else if (verdict === "refused" && isProbe && (state === "blocked" || grantKey !== suspect)) {
      blockedUntil = clock.now() + (state === "suspect" ? firstProbeMs : nextProbeMs);
      state = "blocked";
      onChange(blockedUntil);
    }
  };
  const startProbe = (grantKey: string): Admission => {
    let finish: () => void = () => undefined;
    probe = new Promise((resolve) => (finish = resolve));
    return {
      report(verdict) {
        probe = undefined;
        settle(verdict, grantKey, true);
        finish();
      },
    };
  };

  return {
    async admit(grantKey, deadline) {
      while (state !== "healthy") {
        const leftMs = blockedUntil - clock.now();
        // More than that is left only when the clock was set back.
        if (state === "blocked" && leftMs > 0 && leftMs <= nextProbeMs) return { blockedUntil };
        if (!probe) return startProbe(grantKey);
        await waitFor(probe, [deadline]).catch(() => undefined);
        if (deadline?.aborted) return { blockedUntil: clock.now() };
      }
      return { report: (verdict) => settle(verdict, grantKey, false) };
    },
  };
}
