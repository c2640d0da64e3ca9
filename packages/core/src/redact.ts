import { toBase64Url } from "./text.js";

/** Makes text from outside fit for an error or a log: one line, at most 300 characters, without secrets. */
export type Redact = (text: string) => string;

const longestText = 300;

const jsonWebToken = /\beyJ[\w-]*(?:\.[\w-]*)+/g;
/** What Atlassian's tokens begin with: API tokens, access tokens of a repository or workspace, app passwords. */
const atlassianToken = /\bAT(?:ATT|CTT|BB)[\w=+/-]{8,}/g;
const unbrokenRun = /[\w~+=-]{16,}/g;

/**
 * A `Redact` that knows what must not be repeated: each secret, each way it travels (percent-encoded, base64, JSON), and
 * beyond those whatever has the shape of a token. Names, slugs, hashes, uuids, dates and links stay.
 */
export function createRedactor(secrets: readonly string[] = []): Redact {
  const hide = createHider(secrets);
  return (text) => {
    const safe = hide(text);
    return safe.length <= longestText
      ? safe
      : `${safe.slice(0, longestText).replace(/[\uD800-\uDBFF]$/, "")}…`;
  };
}

/** As `createRedactor()`, for text of any length. */
export function createHider(secrets: readonly string[] = []): Redact {
  // C0, C1, line separators, zero-width and direction marks: whatever could forge a log line or hide in one. Note: on load a
  // pattern with `\p` would cost each import 0.1 ms.
  const controlCharacters = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;
  const known = knownSecrets(secrets);
  const hideKnown = (text: string): string =>
    known === undefined ? text : text.replace(known, "[redacted]");
  // Hidden before and after: taking a control character away may break a secret up or put one together.
  return (text) => hideTokens(hideKnown(hideKnown(text).replace(controlCharacters, " ").trim()));
}

function hideTokens(line: string): string {
  return line
    .replace(jsonWebToken, "[redacted]")
    .replace(atlassianToken, "[redacted]")
    .replace(unbrokenRun, (found) => (looksRandom(found) ? "[redacted]" : found));
}

/**
 * Whether letters and digits look random. In a name, characters of one kind (small letter, capital, digit) stand next to each
 * other: words of letters, groups of digits. In a token the kinds alternate. A hash, hexadecimal in one case, is not hidden.
 */
function looksRandom(run: string): boolean {
  const pieces = run.split(/[_~+=-]+/).filter((piece) => piece !== "");
  const all = measure(pieces);
  const isWhole = all.mixesCases && all.numbers > 0 && all.length >= 32 && all.share >= 0.4;
  return isWhole || pieces.some(isRandomPiece);
}

function isRandomPiece(piece: string): boolean {
  const { length, share, numbers, mixesCases } = measure([piece]);
  if (length < 16 || /^(?:[\da-f]+|[\dA-F]+)$/.test(piece)) return false;
  if (length >= 40 && !mixesCases && numbers === 0) return true;
  if (!mixesCases) return length >= 32 && numbers >= 3;
  if (length < 32) return numbers > 0 && (share >= 0.5 || numbers >= 4);
  return share >= 0.36 || numbers >= 3;
}

interface Measures {
  readonly length: number;
  /** How often one kind of character follows another, as a share of all neighbours: 0.62 in random text. */
  readonly share: number;
  /** How many groups of digits there are. */
  readonly numbers: number;
  readonly mixesCases: boolean;
}

function measure(pieces: readonly string[]): Measures {
  const text = pieces.join(" ");
  const length = text.length - (pieces.length - 1);
  const changes = text.match(/[a-z](?=[A-Z\d])|[A-Z](?=[a-z\d])|\d(?=[A-Za-z])/g)?.length ?? 0;
  return {
    length,
    share: changes / Math.max(1, length - pieces.length),
    numbers: text.match(/\d+/g)?.length ?? 0,
    mixesCases: /[a-z]/.test(text) && /[A-Z]/.test(text),
  };
}

/** One pattern for all, longest first: where one secret begins with another, the longer one is replaced whole. */
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
  // The last two: what a server sees that decodes `+` but no percent signs, or the reverse.
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
