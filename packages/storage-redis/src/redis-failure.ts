import { StorageError, type ErrorAction } from "@bitbucket-auth/core";

// Only words of our own and Redis' error codes reach a message. A client's error can carry the command it failed
// on (with the record and the lease owner in it), or a URL with a password, so it is never quoted and never a `cause`.
const meanings: readonly (readonly [code: RegExp, action: ErrorAction, message: string])[] = [
  [/\bWRONGTYPE\b/, "fix_config", "its key holds something else, left as it is. Choose another `prefix`"],
  [
    /\bREADONLY\b/,
    "retry",
    "a read-only replica answered. If that outlasts a failover, connect to the primary",
  ],
  [/\bOOM\b|\bMISCONF\b/, "fix_config", "memory or disk is full. Make room; what was stored is intact"],
  [
    /\bNOPERM\b|\bNOAUTH\b|\bWRONGPASS\b|executing the script can't/,
    "fix_config",
    "the client may not do that. Check user, password and ACL",
  ],
  [/\bMOVED\b|\bCROSSSLOT\b/, "fix_config", "it is a cluster. Use a cluster client"],
  [
    /subscriber mode|allowed in this context/,
    "fix_config",
    "the client listens to channels. Pass one that does not",
  ],
  [/The client is closed/, "fix_config", "the client is not connected. Call its `connect()` first"],
];

/** Whether Redis itself answered with an error: then it is known what happened, and repeating gains nothing. */
export function isRefusal(error: unknown): boolean {
  return /^[A-Z]{3,} /.test(messageOf(error));
}

/** Whether a server does not know a script by its hash: after a restart, or a failover. */
export function isUnknownScript(error: unknown): boolean {
  return messageOf(error).includes("NOSCRIPT");
}

/** By shape: under jest an error of the client is no `Error` of the test's realm. */
function messageOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("message" in error)) return "";
  return typeof error.message === "string" ? error.message : "";
}

/** The one typed error a caller gets, whatever the client rejected with. `known` is what the client knows of its connection. */
export function storageFailure(error: unknown, known = ""): StorageError {
  if (error instanceof StorageError) return error;
  const text = messageOf(error);
  for (const [code, action, message] of meanings) {
    const found = code.exec(text);
    if (found) return new StorageError(`Redis (${found[0]}): ${message}.`, { action });
  }
  const code = /^[A-Z]{3,}(?= )|\bE[A-Z]{4,}\b/.exec(text)?.[0];
  return new StorageError(
    isRefusal(error)
      ? `Redis refused the command (${code}). Try again; if it stays, see the server's log.`
      : `Redis cannot be reached${code ? ` (${code})` : ""}. ${known && `${known} `}Check that it runs.`,
  );
}
