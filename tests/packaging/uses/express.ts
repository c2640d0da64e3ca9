import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { bitbucketAuth, bitbucketErrors, requireBitbucket } from "@bitbucket-auth/express";
import express from "express";

const auth = createBitbucketAuth({ clientId: "key", clientSecret: "secret" });
const app = express();
app.use(bitbucketAuth({ auth, cookieSecret: "sixteen or more characters" }));
app.get("/me", requireBitbucket({ as: "api" }), (req, res, next) => {
  const { account, getAccessToken } = req.bitbucket;
  getAccessToken().then((token: string) => res.json({ account, length: token.length }), next);
});
app.use(bitbucketErrors());

const server = app.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
const { status } = await fetch(`http://127.0.0.1:${port}/me`);
server.close();
await auth.close();
if (status !== 401) throw new Error(`A stranger got ${status}`);

/** Never called: what the types refuse. */
export function misuse(): unknown {
  // @ts-expect-error a secret is text
  return bitbucketAuth({ auth, cookieSecret: 7 });
}
