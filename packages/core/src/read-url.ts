/**
 * The absolute URL that a text is, or `undefined`. Note: not by `URL.canParse`, which in Node 22.23 comes to say no to good
 * hosts with Latin-1 letters once it has been called some thousand times.
 */
export function readUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
