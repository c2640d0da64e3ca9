import { InvalidOptionsError } from "@bitbucket-auth/core";
import { apiToken, type Credential } from "@bitbucket-auth/credentials";

const credential: Credential = apiToken({
  email: "alice@example.com",
  token: "ATATTexample",
  fetch: async () => Response.json({ uuid: "{a}" }),
});
const { username }: { username: string } = await credential.git();
if (username !== "x-bitbucket-api-token-auth") throw new Error(`Git gets ${username}`);
const header: string = await credential.authorization();
if (header !== `Basic ${btoa("alice@example.com:ATATTexample")}`) throw new Error("It is another header");

try {
  misuse();
  throw new Error("An email that is no text passed");
} catch (error) {
  if (!(error instanceof InvalidOptionsError)) throw error;
}

/** What the types refuse, and the program too. */
function misuse(): Credential {
  // @ts-expect-error an email is text
  return apiToken({ email: 7, token: "ATATTexample" });
}
