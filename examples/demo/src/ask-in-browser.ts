import type { Consent } from "./acts/sign-in.ts";
import type { Timeline } from "./timeline.ts";

/** Leaves the consent page to the person at the screen. The callback server hears what they decide. */
export function askInBrowser(timeline: Timeline): Consent {
  return async (url) => {
    timeline.tell("Please open this address in a browser on this machine and decide:");
    timeline.address(url);
    timeline.waiting("Waiting for you, for up to five minutes; Ctrl-C ends the demo");
  };
}
