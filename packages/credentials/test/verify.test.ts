import { describe, expect, it, onTestFinished, vi } from "vitest";
import { accessToken, apiToken, consumerCredential, oauthCredential } from "../src/index.ts";
import { email, rejectionOf, startBitbucket } from "./bitbucket.ts";

describe("verify()", () => {
  it("says whose API token it is, its scopes, and until when", async () => {
    const { route, ...issue } = await startBitbucket();
    const expiresAt = Date.UTC(2027, 1, 1);
    const scopes = ["read:user:bitbucket", "read:repository:bitbucket"];
    expect(await apiToken({ ...route, ...issue.apiToken({ scopes }), expiresAt }).verify()).toMatchObject({
      ok: true,
      kind: "api_token",
      identity: { type: "user", uuid: expect.stringMatching(/^\{/) },
      expiresAt,
    });
  });

  it("says what an access token belongs to when it was told where to ask", async () => {
    const { route, mock } = await startBitbucket();
    const workspace = mock.issueCredential({ kind: "workspace-access-token" });
    expect(await accessToken({ ...route, token: workspace.token, workspace: "acme" }).verify()).toMatchObject(
      {
        ok: true,
        identity: { type: "workspace", place: "acme" },
      },
    );
    const repository = mock.issueCredential({ kind: "repository-access-token", repository: "website" });
    expect(
      await accessToken({
        ...route,
        token: repository.token,
        workspace: "acme",
        repository: "website",
      }).verify(),
    ).toMatchObject({ ok: true, identity: { type: "repository", place: "acme/website" } });
  });

  it("accepts an access token that was not told its workspace, without an identity", async () => {
    const { route, ...issue } = await startBitbucket();
    const found = await accessToken({ ...route, ...issue.accessToken() }).verify();
    expect(found).toMatchObject({ ok: true, kind: "access_token" });
    expect(found).not.toHaveProperty("identity");
  });

  it("says who signed in, and that the consumer is one", async () => {
    const { auth } = await startBitbucket();
    expect(await oauthCredential({ auth, account: "alice" }).verify()).toMatchObject({
      ok: true,
      identity: { type: "user" },
      scopes: expect.arrayContaining(["account"]),
      expiresAt: expect.any(Number),
    });
    expect(await consumerCredential({ auth }).verify()).toMatchObject({
      ok: true,
      identity: { type: "app_user" },
    });
  });

  it("names a missing read:user:bitbucket", async () => {
    const { route, ...issue } = await startBitbucket();
    const token = issue.apiToken({ scopes: ["read:repository:bitbucket"] });
    expect(await apiToken({ ...route, ...token }).verify()).toMatchObject({
      ok: false,
      problem: "scope_missing",
      action: "add_scope",
      message: expect.stringContaining("lacks read:user:bitbucket"),
    });
  });

  it("names a token of another workspace", async () => {
    const { route, ...issue } = await startBitbucket({
      workspaces: [{ slug: "acme" }, { slug: "other" }],
    });
    expect(
      await accessToken({ ...route, ...issue.accessToken(), workspace: "other" }).verify(),
    ).toMatchObject({
      ok: false,
      problem: "elsewhere",
      message: expect.stringContaining("not for other"),
    });
  });

  it("names an app password, an API token as bearer, and a revoked one", async () => {
    const { mock, route } = await startBitbucket();
    const password = mock.issueCredential({ kind: "app-password" });
    expect(await apiToken({ ...route, email, token: password.token }).verify()).toMatchObject({
      ok: false,
      problem: "refused",
      message: expect.stringContaining("app password"),
    });
    const token = mock.issueCredential({ kind: "api-token" });
    expect(await accessToken({ ...route, token: token.token }).verify()).toMatchObject({
      ok: false,
      problem: "refused",
      message: expect.stringContaining("apiToken({ email, token })"),
    });
    mock.credentials.of(token.token).revoked = true;
    expect(await apiToken({ ...route, email, token: token.token }).verify()).toMatchObject({
      ok: false,
      problem: "refused",
      message: expect.stringContaining("neither expired nor revoked"),
    });
  });

  it("names a grant that is over", async () => {
    const { auth } = await startBitbucket();
    await auth.signOut("alice");
    expect(await oauthCredential({ auth, account: "alice" }).verify()).toMatchObject({
      ok: false,
      problem: "signed_out",
      action: "reauthorize",
    });
  });

  it("names a consumer without the scope account", async () => {
    const { mock, auth } = await startBitbucket({ consumers: [{ scopes: ["repository"] }] });
    const found = await oauthCredential({ auth, account: "alice" }).verify();
    expect(found).toMatchObject({
      ok: false,
      problem: "scope_missing",
      message: expect.stringContaining("account"),
    });
    expect(mock.leaks(JSON.stringify(found))).toEqual([]);
  });

  it("rejects when Bitbucket does not answer, because then there is no telling", async () => {
    const { mock, route, ...issue } = await startBitbucket();
    mock.faults.next("api", { status: 503 });
    expect(await rejectionOf(apiToken({ ...route, ...issue.apiToken() }).verify())).toMatchObject({
      transient: true,
    });
  });

  it.each([403, 404])(
    "does not know of any kind when a proxy answers %i with a page of its own",
    async (status) => {
      const token = "a-token";
      const fetch = async (): Promise<Response> =>
        new Response("<html><title>Access denied</title></html>", {
          status,
          headers: { "content-type": "text/html" },
        });
      const credentials = [
        apiToken({ email, token, fetch }),
        // For this one a 403 of Bitbucket is a yes.
        accessToken({ token, fetch }),
        accessToken({ token, fetch, workspace: "acme" }),
      ];
      for (const credential of credentials)
        expect(await rejectionOf(credential.verify())).toMatchObject({ code: "api_request_failed", status });
    },
  );

  it("rejects with a typed error when the answer is no JSON, or what failed is not the credential", async () => {
    const { auth, route, ...issue } = await startBitbucket();
    const fetch = async (): Promise<Response> => new Response("<html>", { status: 200 });
    expect(await rejectionOf(apiToken({ ...route, ...issue.apiToken(), fetch }).verify())).toMatchObject({
      code: "api_request_failed",
      transient: true,
    });
    await auth.close();
    expect(await rejectionOf(oauthCredential({ auth, account: "alice" }).verify())).toMatchObject({
      code: "closed",
    });
  });

  it("rejects after a minute when a body does not end", async () => {
    const { route, ...issue } = await startBitbucket();
    const fetch = async (): Promise<Response> => new Response(new ReadableStream());
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const rejection = rejectionOf(apiToken({ ...route, ...issue.apiToken(), fetch }).verify());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await rejection).toMatchObject({ code: "api_request_failed", transient: true });
  });
});
