import type { TokenStorage } from "@bitbucket-auth/core";
import { createFileStorage } from "@bitbucket-auth/storage-file";

/** For `openInProcess()`: the storage on a directory that another process has made. */
export default function openFileStorage(directory: string): TokenStorage {
  return createFileStorage({ directory });
}
