import { concurrencyCases } from "./concurrency-cases.js";
import type { StorageContractCase } from "./contract-case.js";
import { deletionCases } from "./deletion-cases.js";
import { expiryCases } from "./expiry-cases.js";
import { lapsedLeaseCases } from "./lapsed-lease-cases.js";
import { leaseCases } from "./lease-cases.js";
import { lifecycleCases } from "./lifecycle-cases.js";
import { listCases } from "./list-cases.js";
import { secondHandleCases } from "./second-handle-cases.js";
import { valueCases } from "./value-cases.js";
import { watchCases } from "./watch-cases.js";
import { writeCases } from "./write-cases.js";

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
];
