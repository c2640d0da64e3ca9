export { createFileStorage } from "./file-storage.js";
export type { FileStorageOptions } from "./file-storage-options.js";
export type { FileStorageWarning } from "./warning.js";
