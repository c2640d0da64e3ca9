/** As much of a response body as we are willing to hold. */
export interface CappedBody {
  readonly body: string;
  readonly bodyTooLarge: boolean;
}

/**
 * Reads a body up to a limit and lets go of the rest without reading it. What is returned is never larger than the limit,
 * whatever `Content-Length` or `Content-Encoding` said. When `signal` is aborted the body is let go of too, and what was read
 * so far means nothing. Rejects when the connection breaks.
 */
export async function readCappedBody(
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<CappedBody> {
  if (stream === null) return { body: "", bodyTooLarge: false };
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  const letGo = (): void => {
    // Not awaited: a stream that does not let itself be cancelled must not hold us up.
    reader.cancel().catch(() => {});
  };
  if (signal?.aborted === true) letGo();
  signal?.addEventListener("abort", letGo, { once: true });
  let body = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { body: body + decoder.decode(), bodyTooLarge: false };
    size += value.byteLength;
    if (size > maxBytes) {
      letGo();
      return { body, bodyTooLarge: true };
    }
    body += decoder.decode(value, { stream: true });
  }
}
