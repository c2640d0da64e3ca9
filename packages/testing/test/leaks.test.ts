import { describe, expect, it } from "vitest";
import { createBitbucketMock } from "../src/index.ts";
import { postToken } from "./token-request.ts";

describe("leaks()", () => {
  it("finds nothing in a clean text", () => {
    const mock = createBitbucketMock();
    mock.issueGrant();
    expect(mock.leaks("GET /2.0/user 200")).toEqual([]);
  });

  it.each([
    ["as it is", (secret: string) => secret],
    ["form-encoded", encodeURIComponent],
    ["in base64", btoa],
    [
      "in base64url",
      (secret: string) => btoa(secret).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""),
    ],
  ])("finds every kind of secret %s and repeats none", async (_how, spell) => {
    const mock = createBitbucketMock({ users: [{ username: "alice", password: "a pass/word?" }] });
    const { accessToken, refreshToken = "" } = mock.issueGrant().tokens;
    const { code } = mock.authorize();
    const verifier = "verifier~with.signs";
    await postToken(mock, { grant_type: "authorization_code", code, code_verifier: verifier });
    const clientSecret = mock.consumers[0]?.clientSecret ?? "";
    const secrets = [accessToken, refreshToken, code, verifier, clientSecret, "a pass/word?"];
    const named = mock.leaks(secrets.map((secret) => `x ${spell(secret)} x`).join("\n"));
    expect(named).toEqual([
      "the client secret of app",
      "the password of alice",
      "the access token of grant-1, generation 1",
      "the refresh token of grant-1, generation 1",
      "an authorization code",
      "a code verifier",
    ]);
    expect(mock.leaks(named.join())).toEqual([]);
  });

  it("finds a Basic header", () => {
    const mock = createBitbucketMock();
    const { clientId, clientSecret } = mock.consumers[0] ?? {};
    expect(mock.leaks(`authorization: Basic ${btoa(`${clientId}:${clientSecret}`)}`)).toContain(
      "the Basic credentials of app",
    );
  });
});
