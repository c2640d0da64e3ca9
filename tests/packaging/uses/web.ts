import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketWeb } from "@bitbucket-auth/web";
import { toNodeListener } from "@bitbucket-auth/web/node";

const auth = createBitbucketAuth({ clientId: "key", clientSecret: "secret" });
const bitbucket = createBitbucketWeb({ auth, cookieSecret: "sixteen or more characters" });
const guarded = await bitbucket.guard(new Request("http://app.example/me"), { as: "api" });
await auth.close();
if (!(guarded instanceof Response) || guarded.status !== 401) throw new Error("A stranger got in");
if (typeof toNodeListener(bitbucket, () => undefined) !== "function") throw new Error("No listener");

/** Never called: what the types refuse. */
export function misuse(): unknown {
  // @ts-expect-error a secret is text
  return createBitbucketWeb({ auth, cookieSecret: 7 });
}
