import { SignedOutError } from "@bitbucket-auth/core";

/** The error for a call that needs somebody to sign in first: there is no token, it has expired, or it was refused with a 401. */
export function nobodySignedIn(status?: number): SignedOutError {
  return new SignedOutError("Nobody is signed in. Call authorize().", { status });
}
