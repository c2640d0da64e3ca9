export { createFileStorage, fileStoragePlaces } from "./file-storage.js";
export type { FileStorageOptions, FileStoragePlaces } from "./file-storage.js";
export type { FileStorageWarning } from "./warning.js";
