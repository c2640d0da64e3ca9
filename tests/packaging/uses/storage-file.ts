import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import {
  createFileStorage,
  type FileStorageOptions,
  type FileStorageWarning,
} from "@bitbucket-auth/storage-file";

const warnings: FileStorageWarning[] = [];
const directory = await mkdtemp(join(tmpdir(), "used-storage-file-"));
const options: FileStorageOptions = { directory, onWarning: (warning) => warnings.push(warning) };
const auth = createBitbucketAuth({
  clientId: "key",
  clientSecret: "secret",
  storage: createFileStorage(options),
  encryption: { current: "k1", keys: { k1: new Uint8Array(32) } },
});
await auth.saveTokens("alice", {
  accessToken: "token",
  expiresAt: Date.now() + 7_200_000,
  tokenType: "bearer",
});
const token: string = await auth.getAccessToken("alice");
if (token !== "token" || warnings.length > 0) throw new Error(`Not the token: ${token}`);
await auth.close();
await rm(directory, { recursive: true });

/** Never called: what the types refuse. */
export function misuse(): unknown {
  // @ts-expect-error a directory is a path
  return createFileStorage({ directory: 7 });
}
