import { InvalidOptionsError } from "@bitbucket-auth/core";

/** What the client uses of `window.location`. */
export type PageLocation = Pick<Location, "href" | "assign">;
/** What the client uses of `window.history`. */
export type PageHistory = Pick<History, "state" | "replaceState">;

/** The page as the client sees it: each part the caller's where given, else the window's. */
export interface Page {
  readonly location?: PageLocation | undefined;
  readonly history?: PageHistory | undefined;
}

/** The page's location. Asked for when it is needed, so that the client can be made where there is none. */
export function locationOf({ location = globalThis.location }: Page): PageLocation {
  if (location) return location;
  throw new InvalidOptionsError("Pass `location`.");
}
