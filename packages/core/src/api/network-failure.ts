/** The platforms' codes: `ECONNRESET`, `UND_ERR_SOCKET`, `ConnectionRefused`. Anything else could be more than a code. */
const platformCode = /^(?:[A-Z][A-Z\d_]{2,39}|[A-Z][A-Za-z]{2,29})$/;

/** Why `fetch` failed, as the platform's error code, or `undefined` when there is none. Causes are followed a few steps down. */
export function networkFailureCode(error: unknown): string | undefined {
  let link = error;
  for (let depth = 0; depth < 5 && link instanceof Error; depth += 1) {
    if ("code" in link && typeof link.code === "string" && platformCode.test(link.code)) return link.code;
    link = link.cause;
  }
  return undefined;
}
