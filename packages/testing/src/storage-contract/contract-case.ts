import type { StorageCapabilities, TokenStorage } from "@bitbucket-auth/core";

/** What a case is about. */
export type StorageContractGroup =
  | "writes"
  | "deletion"
  | "expiry"
  | "values"
  | "lease"
  | "lapsed lease"
  | "lifecycle"
  | "list"
  | "watch"
  | "concurrency"
  | "second handle";

/** A capability a case is about. A storage without it has not made the promise. */
export type ContractNeed = "list" | "watch" | "durable" | "reach";

/** Opens one more handle on the data of the storage under test, as a second process would. */
export type ReopenStorage = () => Promise<TokenStorage>;

/** One promise of the storage contract. */
export interface StorageContractCase {
  readonly group: StorageContractGroup;
  /** A sentence about the storage. Unique in the suite. */
  readonly title: string;
  /** What `caps` must say for the promise to bind. Absent: it binds every storage. */
  readonly needs?: readonly ContractNeed[];
  /**
   * Rejects with an `AssertionError` when the promise is broken.
   *
   * `storage` is empty. `reopen` is called by cases that need `reach` or `durable`, and by no others; the caller closes
   * what it hands out.
   */
  run(storage: TokenStorage, reopen: ReopenStorage): Promise<void>;
}

/** Whether a storage with these `caps` has made the promise. Nothing else switches a case on or off. */
export function appliesTo(contractCase: StorageContractCase, caps: StorageCapabilities): boolean {
  const offered: Record<ContractNeed, boolean> = {
    list: caps.list,
    watch: caps.watch,
    durable: caps.durable,
    reach: caps.lease !== "process",
  };
  return (contractCase.needs ?? []).every((need) => offered[need]);
}
