import { describe, expect, it } from "vitest";
import { createBitbucketMock } from "../src/index.ts";
import { postToken } from "./token-request.ts";

const elsewhere = "https://elsewhere.example/landing";

describe("fetch", () => {
  it("takes a Request as well as an address", async () => {
    const mock = createBitbucketMock();
    expect((await mock.fetch(new Request(`${mock.urls.api}/2.0/user`))).status).toBe(401);
    expect((await mock.fetch(new URL(`${mock.urls.api}/2.0/user`))).status).toBe(401);
  });

  it("sends nothing when the signal has aborted before", async () => {
    const mock = createBitbucketMock();
    const reason = new Error("changed my mind");
    await expect(mock.fetch(mock.urls.token, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(mock.requests.all).toEqual([]);
  });

  it("follows a redirect as the Fetch standard says: body kept by 307, credentials not", async () => {
    const mock = createBitbucketMock();
    mock.faults.next("token", { redirect: 307, to: elsewhere });
    const answer = await postToken(mock, { grant_type: "client_credentials" });
    expect(answer.status).toBe(501);
    expect(mock.requests.all).toMatchObject([
      { op: "token:client_credentials", status: 307 },
      { op: "unknown", method: "POST", path: "/landing", form: { grant_type: "client_credentials" } },
    ]);
    expect(mock.requests.all[1]).not.toHaveProperty("scheme");
  });

  it.each([301, 302, 303] as const)("turns a POST into a GET after %d", async (redirect) => {
    const mock = createBitbucketMock();
    mock.faults.next("token", { redirect, to: elsewhere });
    await postToken(mock, { grant_type: "client_credentials" });
    expect(mock.requests.all[1]).toMatchObject({ method: "GET", form: {} });
  });

  it("keeps the credentials within an origin", async () => {
    const mock = createBitbucketMock();
    mock.faults.next("api", { redirect: 302, to: "/2.0/user/emails" });
    const { accessToken } = mock.issueGrant().tokens;
    const answer = await mock.fetch(`${mock.urls.api}/2.0/user`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    expect(answer.status).toBe(200);
  });

  it("answers the redirect itself when the request says manual", async () => {
    const mock = createBitbucketMock();
    mock.faults.next("api", { redirect: 302, to: elsewhere });
    const answer = await mock.fetch(`${mock.urls.api}/2.0/user`, { redirect: "manual" });
    expect(answer.headers.get("location")).toBe(elsewhere);
    expect(mock.requests.all).toHaveLength(1);
  });

  it("rejects a redirect when the request says error", async () => {
    const mock = createBitbucketMock();
    mock.faults.next("api", { redirect: 302, to: elsewhere });
    await expect(mock.fetch(`${mock.urls.api}/2.0/user`, { redirect: "error" })).rejects.toThrow(
      "fetch failed",
    );
    expect(mock.requests.all).toHaveLength(1);
  });

  it("gives up on a circle", async () => {
    const mock = createBitbucketMock();
    mock.faults.when("api", { redirect: 302, to: "/2.0/user" });
    await expect(mock.fetch(`${mock.urls.api}/2.0/user`)).rejects.toThrow("fetch failed");
    expect(mock.requests.all).toHaveLength(21);
  });

  it("leaves the consent page's redirect to the app unfollowed", async () => {
    const mock = createBitbucketMock({ autoApprove: true });
    const answer = await mock.fetch(
      `${mock.urls.authorize}?response_type=code&client_id=${mock.consumers[0]?.clientId}`,
    );
    expect(answer.status).toBe(302);
    expect(mock.requests.all).toHaveLength(1);
  });
});
