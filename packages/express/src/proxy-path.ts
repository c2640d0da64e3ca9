import { readUrl } from "./read-url.js";
import { ProxyRefusedError } from "./refused-errors.js";

const nowhere = "http://api.invalid";

/**
 * The API path and query behind the proxy's prefix. Throws for anything that is not below `/2.0/` however it is read:
 * absolute URLs, `..` in any encoding, backslashes, control characters.
 */
export function readApiPath(url: string, prefix: string): string {
  const refuse = (): never => {
    throw new ProxyRefusedError("Only paths below /2.0/ are forwarded.", { status: 400 });
  };
  if (!url.startsWith(`${prefix}/`)) return refuse();
  const path = url.slice(prefix.length);
  if (!/^\/2\.0\/[!-~]*$/.test(path) || path.includes("\\")) return refuse();
  const target = readUrl(path, nowhere);
  if (target?.origin !== nowhere || !target.pathname.startsWith("/2.0/") || climbs(target.pathname))
    return refuse();
  return target.pathname + target.search;
}

/**
 * Whether some reader could find a `.`, `..` or control character in it, once or twice decoded. Some take what follows a `;`
 * for a parameter: to them `..;` is `..`.
 */
function climbs(pathname: string): boolean {
  let reading = pathname;
  for (let depth = 0; depth < 3; depth++) {
    if (/[/\\]\.{1,2}(?:[/\\;]|$)|\p{Cc}/u.test(reading)) return true;
    try {
      reading = decodeURIComponent(reading);
    } catch {
      // A lone per cent sign, in the second reading of a name that holds one.
      return depth === 0;
    }
  }
  return false;
}
