import { createAuthenticatedAPI, paginate, whoAmI, type BitbucketIdentity } from "@bitbucket-auth/api-v2";
import { createBitbucketAuth, InvalidOptionsError } from "@bitbucket-auth/core";

const auth = createBitbucketAuth({ clientId: "key", clientSecret: "secret" });
const answer = { uuid: "{a}", type: "user", values: [{ slug: "website" }] };
const fetch: typeof globalThis.fetch = async () => Response.json(answer);

const { uuid }: BitbucketIdentity = await whoAmI(fetch);
const slugs: string[] = [];
for await (const { slug } of paginate<{ slug: string }>(fetch, "repositories/acme")) slugs.push(slug);
if (uuid !== "{a}" || slugs.join() !== "website")
  throw new Error(`Not what was answered: ${uuid} ${slugs.join()}`);

const refused: unknown = await createAuthenticatedAPI({ auth, account: "alice" }).catch((error) => error);
if (
  !(refused instanceof InvalidOptionsError && refused.message.includes("bitbucket-api-v2 is not installed"))
)
  throw new Error("Without bitbucket-api-v2 it does not say how to install it");
await auth.close();

/** Never called: what the types refuse. */
export function misuse(): unknown {
  // @ts-expect-error an account is text
  return createAuthenticatedAPI({ auth, account: 7 });
}
