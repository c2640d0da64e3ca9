import {
  equalInConstantTime,
  InvalidOptionsError,
  StateMismatchError,
  StorageError,
} from "@bitbucket-auth/core";

/** Keeps the state of a sign-in until its callback. `sessionStorage` and `localStorage` fit as they are. */
export interface StateStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** A web storage that is looked up at each use, so that it can be named where there is no page. */
class WebStorage implements StateStorage {
  readonly #area: () => StateStorage;

  constructor(area: () => StateStorage) {
    this.#area = area;
  }
  getItem(key: string): string | null {
    return this.#area().getItem(key);
  }
  setItem(key: string, value: string): void {
    this.#area().setItem(key, value);
  }
  removeItem(key: string): void {
    this.#area().removeItem(key);
  }
}

/** The page's `sessionStorage`: one tab, and a reload of it. The default. */
export class SessionStorage extends WebStorage {
  constructor() {
    super(() => globalThis.sessionStorage);
  }
}

/**
 * The page's `localStorage`: every tab of the origin. A sign-in may then end in another tab than it began in, but of two that
 * are under way at once only the later one can end.
 */
export class LocalStorage extends WebStorage {
  constructor() {
    super(() => globalThis.localStorage);
  }
}

/** One entry of a storage. Where the storage is forbidden, full or absent, each of these throws `StorageError`. */
export interface StorageSlot {
  /** Empty when there is nothing. */
  read(): string;
  /** An empty text removes the entry. */
  write(text: string): void;
}

/** The entry under this key. The storage is looked up at each use; without one, the entry keeps nothing. */
export function storageSlot(area: (() => StateStorage) | undefined, key: string): StorageSlot {
  return {
    read: () => attempt(() => area?.().getItem(key)) ?? "",
    write: (text) => attempt(() => (text ? area?.().setItem(key, text) : area?.().removeItem(key))),
  };
}

function attempt<T>(call: () => T): T {
  try {
    return call();
  } catch {
    // What was thrown may hold the value.
    throw new StorageError("Nothing can be stored: allow site data.", {
      action: "fix_config",
    });
  }
}

/** The state of the one sign-in that is under way in this storage (RFC 6749 section 10.12). It works once. */
export interface LoginState {
  /** Keeps the state of a new sign-in and forgets the one before it. */
  keep(state: string): void;
  /** Whether this is the state that was kept. Forgets nothing. */
  matches(state: string | null): boolean;
  /** Forgets what was kept. Throws `StateMismatchError` unless it was this very state. */
  redeem(state: string | null): void;
}

/** Shorter states can be guessed. RFC 6749 appendix A.5, without the space. */
const longState = /^[!-~]{16,}$/;

/** Keeps the state in this slot. */
export function createLoginState(slot: StorageSlot): LoginState {
  const matches = (state: string | null): boolean => {
    const kept = slot.read();
    return equalInConstantTime(kept, state ?? "") && longState.test(kept);
  };
  return {
    keep(state) {
      // The pattern also refuses "[object Promise]": an async generateState() would give every sign-in the same state.
      if (!longState.test(state)) throw new InvalidOptionsError("generateState() gives none.");
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
