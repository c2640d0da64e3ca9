import { randomBytes } from "node:crypto";
import type { RequestListener, ServerResponse } from "node:http";
import type { BitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketWeb } from "@bitbucket-auth/web";
import { toNodeListener } from "@bitbucket-auth/web/node";

/** What the server is made of. */
export interface CmsAuthOptions {
  readonly auth: BitbucketAuth;
  readonly cookieSecret: string;
  readonly baseUrl: string;
  /** Where the CMS is served from, such as `https://www.example.com`. A token goes to a window of one of these, and to no other. */
  readonly origins: readonly string[];
}

/**
 * Signs authors in for Decap or Sveltia CMS: the CMS opens `GET /auth` in a window, which signs in, shakes hands with the window
 * that opened it and hands an access token over. The refresh token stays here: when the access token has run out, after two
 * hours, the CMS opens the window again, and that closes at once while the session lasts.
 */
export function createCmsAuth({ auth, cookieSecret, baseUrl, origins }: CmsAuthOptions): RequestListener {
  const allowed = origins.map((origin) => new URL(origin).origin);
  const bitbucket = createBitbucketWeb({ auth, cookieSecret, baseUrl });
  return toNodeListener(bitbucket, async (req, res, { guard }) => {
    if (new URL(req.url ?? "/", baseUrl).pathname !== "/auth") return void res.writeHead(404).end();
    const session = await guard({ as: "page" });
    if (session) sendHandshake(res, await session.getAccessToken(), allowed);
  });
}

/**
 * The handshake of Netlify's authenticator, which both understand: we say that we are here, the opener answers, and only then, and
 * only to the origin that the browser vouches for, goes the token.
 */
function sendHandshake(res: ServerResponse, token: string, origins: readonly string[]): void {
  const nonce = randomBytes(16).toString("base64");
  const content = JSON.stringify({ token, provider: "bitbucket" });
  res.writeHead(200, {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": `default-src 'none'; script-src 'nonce-${nonce}'; base-uri 'none'; frame-ancestors 'none'`,
    "X-Content-Type-Options": "nosniff",
  });
  res.end(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Signed in</title>
<p>You are signed in. This window closes by itself.</p>
<script nonce="${nonce}">
const origins = ${inScript(origins)};
const content = ${inScript(content)};
addEventListener("message", (event) => {
  if (event.source !== opener || !origins.includes(event.origin) || event.data !== "authorizing:bitbucket") return;
  opener.postMessage("authorization:bitbucket:success:" + content, event.origin);
});
for (const origin of origins) opener?.postMessage("authorizing:bitbucket", origin);
</script>
</html>
`);
}

/** JSON that cannot end the script it stands in. */
function inScript(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", String.raw`\u003c`);
}
