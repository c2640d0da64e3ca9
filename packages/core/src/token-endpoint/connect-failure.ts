/** Codes that a connection can only fail with before a request is on it: name lookup, refusal, a certificate. */
const beforeSending =
  /^(?:ECONNREFUSED|ConnectionRefused|ENOTFOUND|EAI_[A-Z]+|UND_ERR_CONNECT_TIMEOUT|CERT_[A-Z_]+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_[A-Z_]+|ERR_TLS_CERT_ALTNAME_INVALID|ERR_SSL_WRONG_VERSION_NUMBER)$/;

/** Codes that say the same when the failing system call is `connect`, and nothing of the kind otherwise. */
const whileConnecting = /^(?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ECONNRESET)$/;

/**
 * Why a `fetch` failed before it sent anything, as the platform's error code, or `undefined` when the request may have left.
 *
 * The platforms wrap the reason (`TypeError: fetch failed`), so causes are followed a few steps down. An unknown code counts
 * as sent: taking a spent refresh token for a fresh one is the worse mistake.
 */
export function connectFailureCode(error: unknown): string | undefined {
  let link = error;
  for (let depth = 0; depth < 5 && link instanceof Error; depth += 1) {
    const code = "code" in link && typeof link.code === "string" ? link.code : "";
    if (beforeSending.test(code)) return code;
    if (whileConnecting.test(code) && failedInConnect(link)) return code;
    link = link.cause;
  }
  return undefined;
}

/** An `AggregateError` is what trying several addresses leaves behind: it counts when each of them failed in `connect`. */
function failedInConnect(error: Error): boolean {
  if ("syscall" in error) return error.syscall === "connect";
  return (
    error instanceof AggregateError &&
    error.errors.length > 0 &&
    error.errors.every((inner: unknown) => inner instanceof Error && failedInConnect(inner))
  );
}
