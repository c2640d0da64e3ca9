import { inspect } from "node:util";
import { gitCredentials, isBitbucketAuthError } from "@bitbucket-auth/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  accessToken,
  apiToken,
  consumerCredential,
  credentialFromEnvironment,
  oauthCredential,
} from "../src/index.ts";
import { email, everyKind, rejectionOf, startBitbucket } from "./bitbucket.ts";

/** Everything a log could show of a value. */
function shown(value: unknown): string {
  const fields =
    value instanceof Error ? [value.message, value.stack, JSON.stringify(Object.entries(value))] : [];
  return [
    String(value),
    JSON.stringify(value),
    inspect(value, { depth: 9, showHidden: true }),
    ...fields,
  ].join("\n");
}

/** A secret that cannot be part of any message by chance. */
const secret = fc
  .tuple(fc.constantFrom("ATATT", "ATCTT", "ATBB", ""), fc.stringMatching(/^[\w./+=~-]{16,60}$/))
  .map(([prefix, rest]) => `${prefix}${rest}`);

it("a credential shows its kind and nothing else", async () => {
  for (const credential of everyKind(await startBitbucket())) {
    const name = `Credential(${credential.kind})`;
    expect(`${String(credential)} ${inspect(credential)} ${JSON.stringify(credential)}`).toBe(
      `${name} ${name} {"kind":"${credential.kind}"}`,
    );
  }
});

describe("a secret", () => {
  it("is in nothing that a credential or a Git login shows", async () => {
    await fc.assert(
      fc.asyncProperty(secret, async (token) => {
        const credentials = [
          apiToken({ email, token }),
          apiToken({ email, token, scheme: "bearer" }),
          accessToken({ token, workspace: "acme" }),
          credentialFromEnvironment({ env: { BITBUCKET_ACCESS_TOKEN: token } }),
          credentialFromEnvironment({ env: { BITBUCKET_CLIENT_ID: "key", BITBUCKET_CLIENT_SECRET: token } }),
        ];
        for (const credential of credentials) {
          expect(shown(credential)).not.toContain(token);
          expect(shown({ config: { credential } })).not.toContain(token);
        }
        for (const credential of credentials.slice(0, 3)) {
          const login = await credential.git();
          expect(login.password).toBe(token);
          expect(shown(login)).not.toContain(token);
          expect(shown({ login: [login] })).not.toContain(token);
          expect(await credential.authorization()).not.toBe(shown(credential));
        }
      }),
    );
  });

  it("is in no error about wrong options, whatever they are", () => {
    const functions = [apiToken, accessToken, oauthCredential, consumerCredential, credentialFromEnvironment];
    const names = ["token", "email", "gitUsername", "scheme", "workspace", "repository", "expiresAt"];
    const others = [
      "warnAheadMs",
      "onWarning",
      "endpoints",
      "fetch",
      "clock",
      "auth",
      "account",
      "env",
      "tokn",
    ];
    const variables = ["ACCESS_TOKEN", "API_TOKEN", "EMAIL", "CLIENT_SECRET", "TOKEN_EXPIRES_AT"];
    const wrong = secret.chain((token) =>
      fc.record({
        token: fc.constant(token),
        options: fc.dictionary(
          fc.constantFrom(...names, ...others),
          fc.constantFrom<unknown>(
            token,
            `${token}\n`,
            ` ${token}`,
            `${token}@example.com`,
            { apiUrl: `http://${token}.example.com` },
            { apiUrl: token },
            { now: token },
            { [`BITBUCKET_${variables[0]}`]: `${token}\t`, BITBUCKET_EMAIL: token },
            { BITBUCKET_ACCESS_TOKEN: "ATCTTx", BITBUCKET_TOKEN_EXPIRES_AT: token },
            Object.fromEntries(variables.map((name) => [`BITBUCKET_${name}`, token])),
            Number.NaN,
          ),
        ),
      }),
    );
    let refused = 0;
    /** What making a credential ends in: the credential, or our error. */
    const outcomeOf = (make: (typeof functions)[number], options: object): unknown => {
      try {
        return Reflect.apply(make, undefined, [options]);
      } catch (error) {
        if (!isBitbucketAuthError(error) || error.code !== "invalid_options") throw error;
        refused += 1;
        return error;
      }
    };
    fc.assert(
      fc.property(wrong, fc.constantFrom(...functions), ({ token, options }, make) => {
        expect(shown(outcomeOf(make, options))).not.toContain(token);
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(1000);
  });

  it("is in no error of a call that Bitbucket refuses, although the answer repeats it", async () => {
    const bitbucket = await startBitbucket();
    for (const good of everyKind(bitbucket)) {
      const { password: token } = await good.git();
      const echo: typeof globalThis.fetch = async (_input, init) => {
        const sent = new Headers(init?.headers).get("authorization") ?? "";
        const message = `refused: ${sent}, which is ${token}, and ${atob(btoa(sent))}`;
        return Response.json({ error: { message } }, { status: 401 });
      };
      const route = { ...bitbucket.route, fetch: echo };
      for (const refused of [apiToken({ ...route, email, token }), accessToken({ ...route, token })]) {
        const error = await rejectionOf(refused.fetch("/2.0/user"));
        expect(shown(error)).toContain("refused: ");
        for (const part of [token, (await refused.authorization()).split(" ")[1] ?? ""])
          expect(shown(error)).not.toContain(part);
        expect(shown(await refused.verify())).not.toContain(token);
      }
    }
  });

  it("is in no warning of its expiry", async () => {
    const token = "ATCTT-a-secret-of-some-length";
    const told: unknown[] = [];
    const credential = accessToken({
      token,
      expiresAt: Date.UTC(2020),
      onWarning: (warning) => told.push(warning),
    });
    await credential.authorization();
    expect(told).toHaveLength(1);
    expect(shown(told)).not.toContain(token);
  });
});

describe("gitCredentials() of core", () => {
  it.each(["x-token-auth", "x-bitbucket-api-token-auth", "alice"])("takes the user name %s", (username) => {
    expect(gitCredentials("secret-token", { username })).toMatchObject({
      username,
      password: "secret-token",
    });
  });

  it.each([
    ["an email", { username: email }, "x-bitbucket-api-token-auth"],
    ["an empty user name", { username: "" }, "username is missing"],
    ["an unknown option", { user: "alice" }, '"user"'],
  ])("refuses %s and shows no password", (_what, options, words) => {
    const make = (): unknown => Reflect.apply(gitCredentials, undefined, ["secret-token", options]);
    expect(make).toThrow(expect.objectContaining({ code: "invalid_options" }));
    expect(make).toThrow(words);
    expect(make).not.toThrow("secret-token");
  });
});
