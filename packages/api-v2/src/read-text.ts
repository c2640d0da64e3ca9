/** How long a body may take, and who may end it earlier. */
export interface ReadLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a body to its end as UTF-8 text; `undefined` when it takes longer than it may. Rejects with the signal's reason, or with
 * what broke the body off. The connection is let go of in every case.
 */
export async function readText(
  { body }: Pick<Response, "body">,
  { timeoutMs, signal }: ReadLimits,
): Promise<string | undefined> {
  if (body === null) return "";
  const reader = body.getReader();
  const letGo = (): void => void reader.cancel().catch(() => undefined);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    letGo();
  }, timeoutMs);
  if (signal?.aborted) letGo();
  signal?.addEventListener("abort", letGo, { once: true });
  try {
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (isLate) return undefined;
      if (done) return text + decoder.decode();
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", letGo);
  }
}
