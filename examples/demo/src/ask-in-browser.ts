import type { Consent } from "./acts/sign-in.ts";
import type { Timeline } from "./timeline.ts";

/** Leaves the consent page to the user. The callback server receives the decision. */
export function askInBrowser(timeline: Timeline): Consent {
  return async (url) => {
    timeline.tell("Please open this address in a browser on this machine and decide:");
    timeline.address(url);
    timeline.waiting("Waiting for you, for up to five minutes; Ctrl-C ends the demo");
  };
}
