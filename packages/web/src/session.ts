import { type BitbucketAuth, isBitbucketAuthError } from "@bitbucket-auth/core";
import { type KnownGrant, knownGrants } from "@bitbucket-auth/core/internal";
import { clearCookie, cookieName, createCookieSealer, readCookie, setCookie } from "./cookies.js";
import type { WebAnswer, WebRequest } from "./exchange.js";
import type { ResolvedOptions } from "./options.js";
import { isSecure } from "./same-origin.js";

/** Who signed in, and when. No token, and nothing else about them. */
export interface Session {
  readonly account: string;
  /** When this session began, epoch milliseconds. */
  readonly issuedAt: number;
  /** The `signedInAt` of the grant it began under. Absent in sessions of versions that had none. */
  readonly signedInAt?: number | undefined;
}

/** Where a browser's session is kept. */
export interface SessionKeeper {
  read(request: WebRequest): Session | undefined | Promise<Session | undefined>;
  /** Starts a session under a new id. The id that the browser came with, which an attacker may have set, is not used. */
  open(request: WebRequest, answer: WebAnswer, session: Session): Promise<void>;
  close(request: WebRequest, answer: WebAnswer): Promise<void>;
}

/** How long a user stays signed in, at most: two weeks. */
export const sessionLifeMs: number = 14 * 24 * 60 * 60 * 1000;

/** How many opened cookies, cookie headers or accounts to remember, and the longest such header. */
const mostRemembered = 10_000;
const longestRemembered = 1_024;

/** Keeps the session in the browser: one sealed cookie of less than 200 bytes that names the account and holds no token. */
export function createSessionCookie({
  cookieSecrets,
  cookiePrefix,
  baseUrl,
}: Pick<ResolvedOptions<unknown>, "cookieSecrets" | "cookiePrefix" | "baseUrl">): SessionKeeper {
  const sealer = createCookieSealer(cookieSecrets, "session");
  const plain = cookieName(`${cookiePrefix}session`, false);
  const bound = cookieName(`${cookiePrefix}session`, true);
  const opened = new Map<string, { readonly sealed: string; readonly session: Session }>();
  /** The same once more, by the whole header: what the next requests of a browser send, byte for byte. */
  const lines = new Map<
    number,
    { readonly line: string; readonly name: string; readonly session: Session }
  >();
  const open = async (sealed: string): Promise<Session | undefined> => {
    const packed = await sealer.open(sealed);
    const session = packed && unpackSession(packed);
    // Note: a copy, because a slice keeps the header that it was cut from.
    if (session) remember(opened, copyOf(sealed.slice(-tagLength)), { sealed: copyOf(sealed), session });
    return session;
  };
  return {
    read(request) {
      const line = request.header("cookie");
      if (line === undefined) return undefined;
      const name = isSecure(request, baseUrl) ? bound : plain;
      // Found by a few characters and then compared whole: hashing the whole header would cost more than the rest of a guarded request.
      const mark = markOf(line);
      const last = lines.get(mark);
      if (last?.line === line && last.name === name) return last.session;
      const sealed = readCookie(request, name);
      if (sealed === undefined) return undefined;
      const known = opened.get(sealed.slice(-tagLength));
      if (known?.sealed !== sealed) return open(sealed);
      const { session } = known;
      if (line.length <= longestRemembered) remember(lines, mark, { line, name, session });
      return session;
    },
    async open(request, answer, session) {
      const secure = isSecure(request, baseUrl);
      const value = await sealer.seal(packSession(session));
      setCookie(answer, { name: secure ? bound : plain, value, maxAgeMs: sessionLifeMs, secure });
    },
    async close(request, answer) {
      const secure = isSecure(request, baseUrl);
      clearCookie(answer, secure ? bound : plain, secure);
    },
  };
}

/** Four characters from the end of a header, as a number. Two headers may well have the same. */
function markOf(line: string): number {
  let mark = line.length;
  for (let back = 1; back <= 4; back++) mark = (mark << 7) ^ line.charCodeAt(line.length - back);
  return mark;
}

/** Characters of the authentication tag at the end of what was sealed: 16 bytes in base64url. */
const tagLength = 22;

function copyOf(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text));
}

/** Whether sessions still count. */
export interface SessionJudge {
  /** As `isLive`, from memory and at once, of a grant whose token can be handed out; `undefined` when memory has none such. */
  knows(session: Session): boolean | undefined;
  /**
   * Whether the grant that a session began under still stands: not signed out since, in whatever browser or process. By one
   * look at the record within a minute, and never by a refresh. Rejects as `getTokens` does when that cannot be known.
   */
  isLive(session: Session): Promise<boolean>;
  /** As `isLive`, and makes sure of an access token that works: of that very grant. Rejects as `getTokens` does. */
  hasToken(session: Session): Promise<boolean>;
}

/** Judges sessions by the `signedInAt` of the account's grant. */
export function createSessionJudge(auth: BitbucketAuth): SessionJudge {
  const grants = knownGrants(auth);
  const epochs = new Map<string, number>();
  const counts = async (session: Session, signedInAt: number | undefined): Promise<boolean> => {
    if (signedInAt === undefined && session.signedInAt === undefined) {
      const known = epochs.get(session.account);
      const epoch = known ?? (await legacyEpoch(auth, session.account));
      if (known === undefined) remember(epochs, session.account, epoch);
      return session.issuedAt > epoch;
    }
    return isOf(session, signedInAt);
  };
  return {
    knows(session) {
      const grant = grants.ready(session.account);
      return grant?.signedInAt === undefined ? undefined : isOf(session, Math.floor(grant.signedInAt));
    },
    isLive: async (session) => counts(session, signedInAtFrom(await grants.read(session.account))),
    hasToken: async (session) => counts(session, signedInAtFrom(await auth.getTokens(session.account))),
  };
}

/** The instant to put into a session that starts with these tokens. Whole milliseconds, as a cookie keeps it. */
export function signedInAtFrom({ signedInAt }: KnownGrant): number | undefined {
  return signedInAt === undefined ? undefined : Math.floor(signedInAt);
}

/** Compares for equality where both are known, so that two clocks never have to agree which instant was earlier. */
function isOf({ issuedAt, signedInAt }: Session, current: number | undefined): boolean {
  if (current === undefined) return true;
  return signedInAt === undefined ? issuedAt >= current : signedInAt === current;
}

/**
 * Earlier versions kept the instant since when sessions count as the token of a made-up account. It ends with the sessions
 * of that time, two weeks after the first `signedInAt` was written.
 */
async function legacyEpoch(auth: BitbucketAuth, account: string): Promise<number> {
  try {
    return Number(await auth.getAccessToken(`sessions of ${account}`));
  } catch (error) {
    if (isBitbucketAuthError(error) && error.action === "reauthorize") return 0;
    throw error;
  }
}

function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  if (map.size >= mostRemembered) map.clear();
  map.set(key, value);
}

const uuid = /^\{([\da-f]{8})-([\da-f]{4})-([\da-f]{4})-([\da-f]{4})-([\da-f]{12})\}$/;
const timeLength = 6;
const uuidLength = 16;
/** Bits of the first byte. Versions without `signedInAt` wrote the account's bit alone. */
const asText = 1;
const withSignedInAt = 2;

/** Packs a session into few bytes: a kind, the times, then the account, whose uuid takes 16 bytes. */
export function packSession({ account, issuedAt, signedInAt }: Session): Uint8Array {
  const hex = uuid.exec(account)?.slice(1).join("");
  const name = hex === undefined ? new TextEncoder().encode(account) : fromHex(hex);
  const times = signedInAt === undefined ? [issuedAt] : [issuedAt, signedInAt];
  const start = 1 + times.length * timeLength;
  const packed = new Uint8Array(start + name.length);
  packed[0] = (hex === undefined ? asText : 0) + (signedInAt === undefined ? 0 : withSignedInAt);
  for (const [index, time] of times.entries())
    packed.set(
      fromHex(
        Math.floor(time)
          .toString(16)
          .padStart(2 * timeLength, "0"),
      ),
      1 + index * timeLength,
    );
  packed.set(name, start);
  return packed;
}

/** Reads what `packSession` wrote, in this version or an earlier one; `undefined` for anything else. */
export function unpackSession(bytes: Uint8Array): Session | undefined {
  const [kind = 255] = bytes;
  if (kind > (asText | withSignedInAt)) return undefined;
  const times = kind & withSignedInAt ? 2 : 1;
  const name = bytes.subarray(1 + times * timeLength);
  if (name.length === 0) return undefined;
  const [issuedAt = 0, signedInAt] = Array.from({ length: times }, (_, index) =>
    Number.parseInt(toHex(bytes.subarray(1 + index * timeLength, 1 + (index + 1) * timeLength)), 16),
  );
  const dates = signedInAt === undefined ? { issuedAt } : { issuedAt, signedInAt };
  if (kind & asText) return { account: new TextDecoder().decode(name), ...dates };
  if (name.length !== uuidLength) return undefined;
  const groups = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(toHex(name))?.slice(1).join("-");
  return { account: `{${groups}}`, ...dates };
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
