import { expect, it } from "vitest";
import { createBitbucketAuth } from "../src/index.ts";

it("SignedOutError names the account in its message", async () => {
  const auth = createBitbucketAuth({ clientId: "key", clientSecret: "secret" });
  await expect(auth.getAccessToken("{alice}")).rejects.toMatchObject({
    code: "signed_out",
    account: "{alice}",
    message: expect.stringContaining("{alice}"),
  });
});
