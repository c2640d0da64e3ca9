import { readCappedBody } from "../token-endpoint/capped-body.js";

/** Error bodies are small; what goes on past this is not one. */
const maxErrorBodyBytes = 64 * 1024;

/** Reads the body of an error answer and lets go of it. Never rejects: one that breaks off or is aborted counts as empty. */
export async function readErrorBody(response: Response, signal?: AbortSignal): Promise<string> {
  if (response.body === null || response.bodyUsed) return "";
  const abortable = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>(),
    signal === undefined ? {} : { signal },
  );
  try {
    return (await readCappedBody(abortable, maxErrorBodyBytes)).body;
  } catch {
    return "";
  }
}

/** Gives up an answer nobody will read, so that its connection is free again. A body that somebody reads is left alone. */
export function releaseBody(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}
