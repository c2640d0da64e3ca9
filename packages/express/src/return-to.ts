import { readUrl } from "./read-url.js";

const longest = 1024;
const nowhere = "http://return-to.invalid";

/**
 * A path of this app to go back to, or `undefined` for anything else. Only printable ASCII is taken, as browsers send it, and
 * nothing that some reader down the line could take for another host once it has decoded it: `//`, `/\`, `/%2f`, `/.//`.
 */
export function readReturnTo(values: readonly string[]): string | undefined {
  const [value, ...more] = values;
  if (value === undefined || more.length > 0 || value.length > longest) return undefined;
  if (!/^\/[!-~]*$/.test(value) || value.includes("\\")) return undefined;
  const url = readUrl(value, nowhere);
  if (url?.origin !== nowhere || !everyReadingStaysHere(url.pathname)) return undefined;
  return url.pathname + url.search + url.hash;
}

/** However often the path is decoded, it starts with one slash and holds no control character. */
function everyReadingStaysHere(pathname: string): boolean {
  let reading = pathname;
  for (let depth = 0; depth < 4; depth++) {
    if (/^\/[/\\]|[\p{Cc}\\]/u.test(reading)) return false;
    const decoded = decode(reading);
    // A per cent sign that starts nothing: wrong in an address, and the end of decoding in what it stands for.
    if (decoded === undefined) return depth > 0;
    if (decoded === reading) return true;
    reading = decoded;
  }
  return false;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
