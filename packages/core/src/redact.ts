import { toBase64Url } from "./base64url.js";

/** Makes text from outside fit for an error or a log: one line, of a sane length, with nothing secret in it. */
export type Redact = (text: string) => string;

const longestText = 300;

/** C0, C1, line separators, zero-width and direction marks: whatever could forge a log line or hide in one. */
const controlCharacters = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;

const jsonWebToken = /\beyJ[\w-]*(?:\.[\w-]*)+/g;
const longRun = /[\w~+=-]{16,}/g;

/**
 * A `Redact` that knows what must not be repeated: each secret, each way it travels (percent-encoded, base64, JSON), and
 * beyond those whatever looks like a token.
 */
export function createRedactor(secrets: readonly string[] = []): Redact {
  const known = knownSecrets(secrets);
  const hideKnown = (text: string): string =>
    known === undefined ? text : text.replace(known, "[redacted]");
  return (text) => {
    // Hidden before and after: taking a control character away may break a secret up or put one together.
    const line = hideKnown(hideKnown(text).replace(controlCharacters, " ").trim());
    const safe = redactTokens(line);
    return safe.length <= longestText
      ? safe
      : `${safe.slice(0, longestText).replace(/[\uD800-\uDBFF]$/, "")}…`;
  };
}

/** Runs that mix letters and digits, or are longer than any word, are tokens until proven otherwise. */
function redactTokens(line: string): string {
  return line
    .replace(jsonWebToken, "[redacted]")
    .replace(longRun, (run) =>
      run.length >= 40 || (/\d/.test(run) && /[A-Za-z]/.test(run)) ? "[redacted]" : run,
    );
}

/** One pattern for all, longest first: of two secrets that begin alike the longer goes whole. */
function knownSecrets(secrets: readonly string[]): RegExp | undefined {
  const spellings = new Set(secrets.filter((secret) => secret !== "").flatMap(spellingsOf));
  if (spellings.size === 0) return undefined;
  const longestFirst = [...spellings].toSorted((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");
}

function spellingsOf(secret: string): string[] {
  const base64Url = toBase64Url(new TextEncoder().encode(secret));
  const base64 = base64Url.replaceAll("-", "+").replaceAll("_", "/");
  const form = new URLSearchParams({ secret }).toString().slice("secret=".length);
  const json = JSON.stringify(secret).slice(1, -1);
  // The last two are what a server sees that decodes a form by halves.
  return [
    secret,
    form,
    form.replaceAll("+", "%20"),
    base64Url,
    base64,
    json,
    secret.replaceAll(" ", "+"),
    secret.replaceAll("+", " "),
  ];
}
