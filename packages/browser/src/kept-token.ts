import { CallbackData } from "./callback-data.js";
import type { StorageSlot } from "./storage-slot.js";

/** Where the one token of an implicit sign-in is. */
export interface KeptToken {
  get(): CallbackData | undefined;
  /** Forgets it, or takes another. */
  set(tokens?: CallbackData): void;
}

/** Keeps the token in memory and in the slot. Whatever runs on the origin can write there: what is not spelled as here is none. */
export function createKeptToken(slot: StorageSlot): KeptToken {
  let current: CallbackData | undefined;
  return {
    get() {
      const [, expiresAt, accessToken] = /^(\d+) ([!-~]+)$/.exec(current ? "" : slot.read()) ?? [];
      if (accessToken) current = new CallbackData(accessToken, Number(expiresAt));
      return current;
    },
    set(tokens) {
      current = tokens;
      slot.write(tokens ? `${tokens.expiresAt} ${tokens.access_token}` : "");
    },
  };
}
