export {
  appliesTo,
  type ContractNeed,
  type ReopenStorage,
  type StorageContractCase,
  type StorageContractGroup,
} from "./storage-contract/contract-case.js";
export { storageContract } from "./storage-contract/contract-cases.js";
export {
  describeStorageContract,
  type ContractRunner,
  type StorageContractOptions,
} from "./storage-contract/describe-storage-contract.js";
