import { clearCookie, cookieName, readCookie, setCookie } from "./cookie-header.js";
import { createCookieSealer } from "./cookie-sealer.js";
import { isSecure } from "./request-origin.js";
import { packSession, unpackSession } from "./session-bytes.js";
import { sessionLifeMs, type Session, type SessionKeeper } from "./session.js";

/** How many opened cookies to remember, so that a browser's next request costs a look-up. */
const mostRemembered = 10_000;

/** Keeps the session in the browser: one sealed cookie of less than 200 bytes that names the person and holds no token. */
export function createSessionCookie({
  cookieSecrets,
  baseUrl,
}: {
  readonly cookieSecrets: readonly string[];
  readonly baseUrl: URL | undefined;
}): SessionKeeper {
  const sealer = createCookieSealer(cookieSecrets, "session");
  const opened = new Map<string, Session>();
  const open = async (sealed: string): Promise<Session | undefined> => {
    const known = opened.get(sealed);
    if (known) return known;
    const packed = await sealer.open(sealed);
    const session = packed && unpackSession(packed);
    if (!session) return undefined;
    if (opened.size >= mostRemembered) opened.clear();
    opened.set(sealed, session);
    return session;
  };
  return {
    async read(req) {
      const sealed = readCookie(req, cookieName("bb_session", isSecure(req, baseUrl)));
      return sealed === undefined ? undefined : open(sealed);
    },
    async open(req, res, session) {
      const secure = isSecure(req, baseUrl);
      const value = await sealer.seal(packSession(session));
      setCookie(res, { name: cookieName("bb_session", secure), value, maxAgeMs: sessionLifeMs, secure });
    },
    async close(req, res) {
      const secure = isSecure(req, baseUrl);
      clearCookie(res, cookieName("bb_session", secure), secure);
    },
  };
}
