import { equalInConstantTime, InvalidOptionsError, StateMismatchError } from "@bitbucket-auth/core";
import type { StorageSlot } from "./storage-slot.js";

/** The state of the one sign-in that is under way in this storage (RFC 6749 section 10.12). It works once. */
export interface LoginState {
  /** Keeps the state of a new sign-in; the one before it is forgotten. */
  keep(state: string): void;
  /** Whether this is the state that was kept. Forgets nothing. */
  matches(state: string | null): boolean;
  /** Forgets what was kept. Throws `StateMismatchError` unless it was this very state. */
  redeem(state: string | null): void;
}

/** Shorter ones can be guessed. RFC 6749 appendix A.5, without the space. */
const long = /^[!-~]{16,}$/;

/** Keeps the state in this slot. */
export function createLoginState(slot: StorageSlot): LoginState {
  const matches = (state: string | null): boolean => {
    const kept = slot.read();
    return equalInConstantTime(kept, state ?? "") && long.test(kept);
  };
  return {
    keep(state) {
      // Note: not by its length. A promise has a text too, long enough and the same for everybody.
      if (!long.test(state)) throw new InvalidOptionsError("generateState() gives none.");
      slot.write(state);
    },
    matches,
    redeem(state) {
      const isMatch = matches(state);
      slot.write("");
      if (!isMatch) throw new StateMismatchError("The callback is not usable. Call authorize().");
    },
  };
}
