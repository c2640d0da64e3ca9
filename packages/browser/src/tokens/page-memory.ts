import type { Refusal } from "./refusal.js";
import type { StoredGrant } from "./stored-grant.js";

/** What this page knows of the grants that are kept in one place, beyond what is written there. */
export interface PageMemory {
  /** The calls under way. */
  readonly flights: Map<string, Promise<string>>;
  /** The last refusal of each refresh token: they rest also where the storage takes no note. */
  readonly refusals: Map<string, Refusal>;
  /** New tokens that the storage would not take, by key. They count while the refresh token they were redeemed from is stored. */
  readonly unsaved: Map<string, { readonly redeemed: string; readonly grant: StoredGrant }>;
}

const memories = new WeakMap<object, PageMemory>();

/** The one memory of this owner: a storage, or a function that loads. */
export function pageMemoryOf(owner: object): PageMemory {
  const memory: PageMemory = memories.get(owner) ?? {
    flights: new Map(),
    refusals: new Map(),
    unsaved: new Map(),
  };
  memories.set(owner, memory);
  return memory;
}
