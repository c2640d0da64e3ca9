import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { InvalidOptionsError } from "../../src/errors.ts";
import { requestPassword } from "../../src/grants/password.ts";
import { grantingFetch, grantOptions, postedForm, refusingFetch, rejectionOf } from "./grant-cases.ts";

const user = { username: "ada", password: "p&ss wörd" };

describe("requestPassword()", () => {
  it("posts name and password", async () => {
    const network = grantingFetch();
    const tokens = await requestPassword({ ...grantOptions(network.fetch), ...user });
    expect(postedForm(network)).toEqual({ grant_type: "password", ...user });
    expect(tokens.refreshToken).toBe("refresh-1");
  });

  it("says that Bitbucket dropped the grant, and what to use", async () => {
    const { fetch } = refusingFetch("unsupported_grant_type");
    await expect(requestPassword({ ...grantOptions(fetch), ...user })).rejects.toMatchObject({
      code: "token_request_rejected",
      action: "fix_config",
      message: expect.stringMatching(/no longer supports the password grant.*authorization code/) as string,
    });
  });

  it("does not repeat the password", async () => {
    const { fetch } = refusingFetch("invalid_grant", user.password);
    const error = await rejectionOf(requestPassword({ ...grantOptions(fetch), ...user }));
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toMatch(/p&ss|p%26ss/);
  });

  it.each(["username", "password"])("sends nothing without %s", async (option) => {
    const network = grantingFetch();
    const request = requestPassword({ ...grantOptions(network.fetch), ...user, [option]: "" });
    await expect(request).rejects.toThrow(InvalidOptionsError);
    expect(network.requests).toHaveLength(0);
  });
});
