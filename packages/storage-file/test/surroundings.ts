import { nodeFileSystem } from "../src/file-system.ts";
import type { Surroundings } from "../src/open-file-storage.ts";
import { currentProcess } from "../src/process-identity.ts";

/** A Linux machine whose home is `home`. */
export function surroundingsIn(home: string, changed: Partial<Surroundings> = {}): Surroundings {
  return {
    platform: "linux",
    env: {},
    home,
    fs: nodeFileSystem,
    self: currentProcess(),
    openKeyringEntry: () => Promise.reject(new Error("no keyring in this test")),
    ...changed,
  };
}
