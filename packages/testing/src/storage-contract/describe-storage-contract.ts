import assert from "node:assert/strict";
import type { TokenStorage } from "@bitbucket-auth/core";
import { appliesTo, type StorageContractCase } from "./contract-case.js";
import { storageContract } from "./contract-cases.js";

/** The four functions the suite needs from a test runner. Those of vitest, jest, node:test and bun:test fit. */
export interface ContractRunner {
  describe(name: string, body: () => void): unknown;
  it(title: string, body: () => Promise<void>, timeoutMs?: number): unknown;
  beforeEach(body: () => Promise<void>): unknown;
  afterEach(body: () => Promise<void>): unknown;
}

/** Options of `describeStorageContract`. */
export interface StorageContractOptions {
  readonly runner: ContractRunner;
  /** Makes a storage with nothing in it. Called before each case. */
  readonly create: () => Promise<TokenStorage> | TokenStorage;
  /** Clears away what `create` made. Called after each case, also when it failed; every handle is closed by then. */
  readonly destroy?: (storage: TokenStorage) => Promise<void> | void;
  /**
   * Opens a second handle on the data of `storage`, with a connection or caches of its own: what another process would
   * hold. Without it the cases about a second handle are left out, and a test by that name says so: a storage whose `caps`
   * reach beyond the process, or that is durable, is proven only with it.
   */
  readonly reopen?: (storage: TokenStorage) => Promise<TokenStorage> | TokenStorage;
}

/** Shown in place of what cannot be tried. */
const notProven = "NOT PROVEN: what only a second handle can show. Give `reopen` to the contract suite.";

/** Long for any sound storage; a runner's own default is made for unit tests. */
const caseTimeoutMs = 60_000;

/**
 * Registers the whole contract with a test runner, one test per case.
 *
 * There are no switches but `reopen`: `storage.caps` decides which promises bind, and a case that does not bind passes untried. A
 * storage that passes is one that core can rely on, as far as a test inside one process can see; add tests of your own
 * for what is particular to the backend (file modes, key prefixes, eviction, other processes).
 *
 * @example
 * describeStorageContract("createMyStorage()", {
 *   runner: { describe, it, beforeEach, afterEach },
 *   create: () => createMyStorage(connectToEmptyDatabase()),
 *   reopen: () => createMyStorage(connectAgain()),
 * });
 */
export function describeStorageContract(name: string, options: StorageContractOptions): void {
  const { runner } = options;
  runner.describe(name, () => {
    let storage: TokenStorage;
    let reopened: TokenStorage[] = [];

    const open = options.reopen;
    const reopen = async (): Promise<TokenStorage> => {
      assert(open, "A case about a second handle was run without one.");
      const handle = await open(storage);
      reopened.push(handle);
      return handle;
    };

    runner.beforeEach(async () => {
      reopened = [];
      storage = await options.create();
    });
    runner.afterEach(async () => {
      await Promise.all([storage, ...reopened].map((handle) => handle.close()));
      await options.destroy?.(storage);
    });

    if (!open) runner.it(notProven, async () => undefined);
    const tried = open ? storageContract : storageContract.filter((each) => !needsSecondHandle(each));
    for (const [group, cases] of byGroup(tried)) {
      runner.describe(group, () => {
        for (const contractCase of cases) {
          const run = async (): Promise<void> => {
            if (appliesTo(contractCase, storage.caps)) await contractCase.run(storage, reopen);
          };
          runner.it(contractCase.title, run, caseTimeoutMs);
        }
      });
    }
  });
}

function byGroup(cases: readonly StorageContractCase[]): Map<string, StorageContractCase[]> {
  const groups = new Map<string, StorageContractCase[]>();
  for (const contractCase of cases) {
    const group = groups.get(contractCase.group) ?? [];
    groups.set(contractCase.group, group);
    group.push(contractCase);
  }
  return groups;
}

function needsSecondHandle({ needs = [] }: StorageContractCase): boolean {
  return needs.includes("reach") || needs.includes("durable");
}
