import type { Clock } from "@bitbucket-auth/core";
import type { RemoteBitbucketMock } from "@bitbucket-auth/testing/server";

/** The time of the story: real time, plus what was skipped. */
export interface SharedClock extends Clock {
  /** Moves the program and Bitbucket on together, so that a token expires without a wait of two hours. */
  skipHours(hours: number): Promise<void>;
}

/** One clock for two processes: it is handed to core, and the fake is told of every move. */
export function createSharedClock(mock: RemoteBitbucketMock): SharedClock {
  let skippedMs = 0;
  return {
    now: () => Date.now() + skippedMs,
    async skipHours(hours) {
      await mock.clock.advance(`${hours}h`);
      skippedMs += hours * 3_600_000;
    },
  };
}
