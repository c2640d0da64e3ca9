/**
 * A URL, or `undefined` for what is none.
 *
 * Note: not `URL.canParse`. In Node 22.23 it comes to deny, after some thousand calls, addresses that can be parsed.
 */
export function readUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
