import type { Logger } from "@bitbucket-auth/core";
import type { FileStorageWarning } from "./warning.js";

/** Options of `createFileStorage`. */
export interface FileStorageOptions {
  /**
   * Where records are kept. It must belong to the user and be closed to others (0700); it is made when it is not there.
   * Default: the data directory that the platform gives to `appName`.
   */
  readonly directory?: string;
  /** The name of your program, as a directory name. Also names the place of the encryption key. @default "bitbucket-auth" */
  readonly appName?: string;
  /**
   * Keeps the encryption key in the OS keyring instead of a file, through the optional package `@napi-rs/keyring`. The
   * keyring holds the key alone. When it cannot be used, calls reject; there is no silent way back to a file.
   */
  readonly keyring?: boolean;
  /** `true` writes warnings to the console, `false` to nowhere. Without this, a `logger` or `onWarning` they go to the process. */
  readonly logging?: boolean;
  /** Where warnings go. Never a token or a key, only paths. */
  readonly logger?: Logger;
  /** Hears what was mended or worked around: a damaged file that was set aside, a file system without hard links. */
  readonly onWarning?: (warning: FileStorageWarning) => void;
}
