/** Ways to write a host that looks like the API's, to a reader or to a careless parser. */
const hosts = [
  "evil.example",
  "api.bitbucket.org.evil.example",
  "api.bitbucket.org.",
  "api.bitbucket.orgevil.example",
  "api-bitbucket.org",
  "evilapi.bitbucket.org",
  "evil.api.bitbucket.org",
  "bitbucket.org",
  "api.bitbucket.org:444",
  "api.bitbucket.org:80",
  "api.bitbucket.org:0",
  "api.bitbucket.org:443@evil.example",
  "api.bitbucket.org@evil.example",
  "api.bitbucket.org%40evil.example",
  "user:password@api.bitbucket.org",
  "user@api.bitbucket.org",
  "evil.example@api.bitbucket.org",
  "evil.example\\@api.bitbucket.org",
  "evil.example/@api.bitbucket.org",
  "evil.example?@api.bitbucket.org",
  "evil.example#@api.bitbucket.org",
  "api.bitbucket.org\\@evil.example",
  "api.bitbucket.org\\.evil.example",
  "api.bitbucket.org%2eevil.example",
  "api.bitbucket.org%00.evil.example",
  "api.bitbucket.org\t.evil.example",
  "api.bitbucket.org\n.evil.example",
  "api.bitbucket.org\r\n.evil.example",
  "api.bitbucket.org;evil.example",
  "api.bitbucket.org,evil.example",
  // Cyrillic а, Greek ο, dotless ı, a soft hyphen, full-width letters, an ideographic full stop.
  "\u0430pi.bitbucket.org",
  "api.bitbucket.\u03BFrg",
  "ap\u0131.bitbucket.org",
  "api.bit\u00ADbucket.org",
  "\uFF41pi.bitbucket.org",
  "api\u3002bitbucket.org",
  "api.bitbucket.org\u3002evil.example",
  "127.0.0.1",
  "127.1",
  "0x7f.1",
  "2130706433",
  "localhost",
  "[::1]",
  "[::ffff:127.0.0.1]",
  "169.254.169.254",
  "0",
];

const prefixes = [
  "https://",
  "http://",
  "HTTPS://",
  "https:",
  "https:/",
  "https:///",
  "https:\\\\",
  "ht\ttps://",
  " https://",
  "//",
  "///",
  "/\\",
  "\\\\",
  "/\t/",
  "/\n/",
  "/.//",
  "ftp://",
  "ws://",
  "wss://",
  "file://",
  "data://",
  "javascript://",
  "blob:https://",
  "view-source:https://",
];

const api = "https://api.bitbucket.org";

/** Every way of writing crossed with every way of starting a URL. */
export const urlTricks: readonly string[] = [
  ...prefixes.flatMap((prefix) => hosts.map((host) => `${prefix}${host}/2.0/user`)),
  ...prefixes.map((prefix) => `${prefix}api.bitbucket.org/2.0/user`).filter((url) => !isApiUrl(url)),
  "data:text/html,hello",
  "javascript:alert(1)",
  "mailto:user@api.bitbucket.org",
  "blob:https://api.bitbucket.org/0a1b",
];

/** Whether the platform itself takes a URL to the API, without a user in it. */
export function isApiUrl(url: string): boolean {
  const parsed = parse(url);
  if (parsed === undefined) return false;
  const { protocol, host, username, password } = parsed;
  return protocol === "https:" && host === "api.bitbucket.org" && username === "" && password === "";
}

/** Note: not `URL.canParse`. After some thousand calls Node 22 answers `false` for a host with a Latin-1 character. */
function parse(url: string): URL | undefined {
  try {
    return new URL(url, api);
  } catch {
    return undefined;
  }
}
