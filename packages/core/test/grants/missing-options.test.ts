import { describe, expect, it } from "vitest";
import { InvalidOptionsError } from "../../src/errors.ts";
import { exchangeAuthorizationCode } from "../../src/grants/authorization-code.ts";
import { exchangeConnectJwt } from "../../src/grants/connect-jwt.ts";
import { readImplicitCallback } from "../../src/grants/implicit.ts";
import { requestPassword } from "../../src/grants/password.ts";
import { refreshTokens } from "../../src/grants/refresh-token.ts";
import { grantingFetch, grantOptions, rejectionOf } from "./grant-cases.ts";

type Options = ReturnType<typeof grantOptions>;

describe("a grant without what it needs", () => {
  it.each<readonly [string, (options: Options) => Promise<unknown>]>([
    ["code is missing.", (options) => exchangeAuthorizationCode({ ...options, code: "" })],
    ["refreshToken is missing.", (options) => refreshTokens({ ...options, refreshToken: "" })],
    ["username is missing.", (options) => requestPassword({ ...options, username: "", password: "p" })],
    ["password is missing.", (options) => requestPassword({ ...options, username: "ann", password: "" })],
    ["jwt is missing.", (options) => exchangeConnectJwt({ ...options, jwt: "" })],
    ["jwt is not a JWT.", (options) => exchangeConnectJwt({ ...options, jwt: "two words" })],
    ["state is missing.", async () => readImplicitCallback("access_token=a&state=", { state: "" })],
  ])("sends nothing and says: %s", async (message, call) => {
    const { fetch, requests } = grantingFetch();
    const error = await rejectionOf(call(grantOptions(fetch)));
    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect(error).toMatchObject({ message });
    expect(requests).toEqual([]);
  });
});
