import type { BitbucketAuth } from "@bitbucket-auth/core";
import type { RemoteBitbucketMock } from "@bitbucket-auth/testing/server";
import type { SharedClock } from "./shared-clock.ts";
import type { Timeline } from "./timeline.ts";

/** What an act has to play with. */
export interface Stage {
  readonly timeline: Timeline;
  /** The library that is shown. The user is signed in under `account`. */
  readonly auth: BitbucketAuth;
  readonly account: string;
  /** Bitbucket, over there in its own process: its faults, its settings page and its request log. */
  readonly bitbucket: RemoteBitbucketMock;
  readonly clock: SharedClock;
}
