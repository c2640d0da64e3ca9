import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Lends the settings of a storm a file that is not there yet, and clears it away. */
export async function inADirectory<T>(use: (settings: { readonly file: string }) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "bitbucket-auth-storm-"));
  try {
    return await use({ file: join(directory, "tokens") });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The module of that name in this folder. */
export function workerModule(name: string): URL {
  return new URL(`${name}.ts`, import.meta.url);
}
