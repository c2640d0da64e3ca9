import {
  createBitbucketAuth,
  isBitbucketAuthError,
  type BitbucketAuth,
  type BitbucketAuthOptions,
} from "@bitbucket-auth/core";

const options: BitbucketAuthOptions = {
  clientId: "key",
  clientSecret: "secret",
  fetch: async () =>
    Response.json({ access_token: "token", token_type: "bearer", expires_in: 7200, scopes: "account" }),
};
const auth: BitbucketAuth = createBitbucketAuth(options);
const token: string = await auth.getAccessToken();
if (token !== "token") throw new Error(`Not the token: ${token}`);

const code: string = await auth.getAccessToken("unknown").catch((error: unknown) => {
  if (!isBitbucketAuthError(error)) throw error;
  return error.code === "signed_out" ? error.action : error.code;
});
if (code !== "reauthorize") throw new Error(`Not a signed-out account: ${code}`);
await auth.close();

/** Never called: what the types refuse. */
export function misuse(): unknown {
  // @ts-expect-error a key is text
  return createBitbucketAuth({ clientId: 7 });
}
