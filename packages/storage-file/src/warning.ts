import type { Logger } from "@bitbucket-auth/core";

/** Something that was mended or worked around, and that its owner should hear of. Holds paths, never contents. */
export interface FileStorageWarning {
  readonly code: "corrupt_file" | "no_hard_links" | "watch_failed";
  readonly message: string;
  readonly path: string;
}

export type Warn = (warning: FileStorageWarning) => void;

/** Tells a warning to whoever asked for it; when nobody did, or they threw, to the process. It is never lost. */
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
      // Note: the call that has something to tell has done its work, and does not fail because nobody could be told.
    }
    process.emitWarning(warning.message, { code: `BITBUCKET_AUTH_${warning.code.toUpperCase()}` });
  };
}
