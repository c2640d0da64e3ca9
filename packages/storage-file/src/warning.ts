import type { Logger } from "@bitbucket-auth/core";

/** What was repaired or worked around, or what the operator needs to know. Holds paths, never contents. */
export interface FileStorageWarning {
  readonly code: "corrupt_file" | "new_key" | "no_flush" | "no_hard_links" | "watch_failed";
  readonly message: string;
  readonly path: string;
}

/** Takes a warning. Must not throw. */
export type Warn = (warning: FileStorageWarning) => void;

/** Gives a warning to the callback and the logger; without either, or when one throws, to the process, so that it is not lost. */
export function createWarn({
  onWarning,
  logger,
  logging,
}: {
  readonly onWarning?: Warn | undefined;
  readonly logger?: Logger | undefined;
  readonly logging?: boolean | undefined;
}): Warn {
  const log = logger ?? (logging ? console : undefined);
  return (warning) => {
    try {
      onWarning?.(warning);
      if (logging === false) return;
      if (log) return log.warn?.(warning.message, { code: warning.code, path: warning.path });
      if (onWarning) return;
    } catch {
      // Note: the storage call itself succeeded, and does not fail because its warning could not be told.
    }
    process.emitWarning(warning.message, { code: `BITBUCKET_AUTH_${warning.code.toUpperCase()}` });
  };
}
