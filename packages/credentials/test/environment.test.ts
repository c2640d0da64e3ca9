import { describe, expect, it } from "vitest";
import { credentialFromEnvironment } from "../src/index.ts";
import { email, startBitbucket } from "./bitbucket.ts";

describe("credentialFromEnvironment()", () => {
  it.each([
    ["api_token", { BITBUCKET_API_TOKEN: "ATATTx", BITBUCKET_EMAIL: email }],
    ["access_token", { BITBUCKET_ACCESS_TOKEN: "ATCTTx" }],
    [
      "access_token",
      { BITBUCKET_ACCESS_TOKEN: "ATCTTx", BITBUCKET_WORKSPACE: "acme", BITBUCKET_REPO_SLUG: "site" },
    ],
    ["consumer", { BITBUCKET_CLIENT_ID: "key", BITBUCKET_CLIENT_SECRET: "secret" }],
  ])("makes a credential of the kind %s", (kind, env) => {
    expect(credentialFromEnvironment({ env })).toMatchObject({ kind });
  });

  it.each([
    [
      "an empty environment",
      {},
      "Set BITBUCKET_API_TOKEN and BITBUCKET_EMAIL, or BITBUCKET_ACCESS_TOKEN, or",
    ],
    ["empty variables", { BITBUCKET_ACCESS_TOKEN: "" }, "has no Bitbucket credential"],
    [
      "half an API token",
      { BITBUCKET_API_TOKEN: "ATATTx" },
      "BITBUCKET_EMAIL is missing beside BITBUCKET_API_TOKEN",
    ],
    [
      "half a consumer",
      { BITBUCKET_CLIENT_SECRET: "s" },
      "BITBUCKET_CLIENT_ID is missing beside BITBUCKET_CLIENT_SECRET",
    ],
    [
      "two kinds",
      { BITBUCKET_ACCESS_TOKEN: "ATCTTx", BITBUCKET_CLIENT_ID: "key" },
      "more than one Bitbucket credential (BITBUCKET_ACCESS_TOKEN, BITBUCKET_CLIENT_ID)",
    ],
    [
      "a line end after a secret",
      { BITBUCKET_ACCESS_TOKEN: "ATCTTx\n" },
      "BITBUCKET_ACCESS_TOKEN contains a line end",
    ],
    [
      "a repository without its workspace",
      { BITBUCKET_ACCESS_TOKEN: "ATCTTx", BITBUCKET_REPO_SLUG: "site" },
      "BITBUCKET_REPO_SLUG needs BITBUCKET_WORKSPACE",
    ],
    [
      "an expiry that is no date",
      { BITBUCKET_ACCESS_TOKEN: "ATCTTx", BITBUCKET_TOKEN_EXPIRES_AT: "soon" },
      "must be a day",
    ],
    [
      "an expiry on a day that the month does not have",
      { BITBUCKET_ACCESS_TOKEN: "ATCTTx", BITBUCKET_TOKEN_EXPIRES_AT: "2027-02-31" },
      "must be a day",
    ],
    [
      "an app password",
      { BITBUCKET_USERNAME: "alice", BITBUCKET_APP_PASSWORD: "ATBBx" },
      "app passwords ended on 2026-07-28",
    ],
  ])("refuses %s and names the variables", (_what, env, words) => {
    expect(() => credentialFromEnvironment({ env })).toThrow(
      expect.objectContaining({ code: "invalid_options", message: expect.stringContaining(words) }),
    );
  });

  it("reads the variables of this process by default, and an expiry as a day", async () => {
    const { route, mock } = await startBitbucket();
    const { token } = mock.issueCredential({ kind: "workspace-access-token" });
    process.env["BITBUCKET_ACCESS_TOKEN"] = token;
    process.env["BITBUCKET_TOKEN_EXPIRES_AT"] = "2027-03-01";
    try {
      const credential = credentialFromEnvironment(route);
      expect(credential.expiresAt).toBe(Date.UTC(2027, 2, 1));
      expect((await credential.fetch("/2.0/repositories/acme")).status).toBe(200);
    } finally {
      delete process.env["BITBUCKET_ACCESS_TOKEN"];
      delete process.env["BITBUCKET_TOKEN_EXPIRES_AT"];
    }
  });

  it("names no secret in its errors", () => {
    const env = { BITBUCKET_ACCESS_TOKEN: "ATCTT-very-secret", BITBUCKET_CLIENT_SECRET: "also-secret" };
    expect(() => credentialFromEnvironment({ env })).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/very-secret|also-secret/) }),
    );
  });
});
