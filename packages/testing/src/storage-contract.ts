import assert from "node:assert/strict";
import type { TokenStorage } from "@bitbucket-auth/core";
import { concurrencyCases, writeCases } from "./storage-contract/write-cases.js";
import { appliesTo, type ReopenStorage, type StorageContractCase } from "./storage-contract/contract-case.js";
import { deletionCases, expiryCases } from "./storage-contract/deletion-cases.js";
import { lapsedLeaseCases, leaseCases } from "./storage-contract/lease-cases.js";
import { lifecycleCases, valueCases } from "./storage-contract/value-cases.js";
import { listCases, watchCases } from "./storage-contract/list-and-watch-cases.js";
import { secondHandleCases, secondProcessCases } from "./storage-contract/second-handle-cases.js";

export {
  appliesTo,
  type ContractNeed,
  type ReopenStorage,
  type StorageContractCase,
  type StorageContractGroup,
} from "./storage-contract/contract-case.js";

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
  /**
   * Opens the data of `storage` in another process: `openInProcess()` of `@bitbucket-auth/testing/storm`. Without it the cases
   * about a second process are left out, and a test by that name says so: two handles in one process share its locks, its
   * libraries and its memory, so they cannot show everything that a storage whose `caps.lease` reaches further promises.
   */
  readonly reopenInProcess?: (storage: TokenStorage) => Promise<TokenStorage>;
}

/** Titles of the tests that stand for cases which cannot run. */
const handleNotProven =
  "NOT PROVEN: what only a second handle can show. Give `reopen` to the contract suite.";
const processNotProven =
  "NOT PROVEN: what only a second process can show. Give `reopenInProcess` to the contract suite.";

/** Long for any sound storage; a runner's own default is made for unit tests. */
const caseTimeoutMs = 60_000;

/**
 * Registers the whole contract with a test runner, one test per case.
 *
 * There are no switches but the two ways to reopen: `storage.caps` decides which promises bind, and a case that does not bind
 * passes untried. A storage that passes is one that core can rely on, as far as a test can see; add tests of your own for
 * what is particular to the backend (file modes, key prefixes, eviction, kills).
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

    const reopenFor =
      ({ group }: StorageContractCase): ReopenStorage =>
      async () => {
        const open = group === "second process" ? options.reopenInProcess : options.reopen;
        assert(open, `A case about a ${group} was run without one.`);
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

    if (!options.reopen) runner.it(handleNotProven, async () => undefined);
    if (!options.reopenInProcess) runner.it(processNotProven, async () => undefined);
    const tried = storageContract.filter(({ group, needs = [] }) => {
      if (group === "second process") return options.reopenInProcess !== undefined;
      return options.reopen !== undefined || !(needs.includes("reach") || needs.includes("durable"));
    });
    for (const [group, cases] of byGroup(tried)) {
      runner.describe(group, () => {
        for (const contractCase of cases) {
          const run = async (): Promise<void> => {
            if (appliesTo(contractCase, storage.caps))
              await contractCase.run(storage, reopenFor(contractCase));
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

/**
 * Every promise of `TokenStorage`, as data: one case per promise, in the order a reader would ask.
 *
 * `describeStorageContract()` registers them with a test runner. Use the list itself to do something else with the
 * cases, such as running one of them against a storage that is broken on purpose.
 */
export const storageContract: readonly StorageContractCase[] = [
  ...writeCases,
  ...deletionCases,
  ...expiryCases,
  ...valueCases,
  ...leaseCases,
  ...lapsedLeaseCases,
  ...lifecycleCases,
  ...listCases,
  ...watchCases,
  ...concurrencyCases,
  ...secondHandleCases,
  ...secondProcessCases,
];
