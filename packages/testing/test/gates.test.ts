import { describe, expect, it } from "vitest";
import { createBitbucketMock, type Op } from "../src/index.ts";
import { postToken, refresh } from "./token-request.ts";

describe("gates.hold()", () => {
  it("refuses an operation that does not exist, at which nothing would ever arrive", () => {
    // As a program without types could say it.
    const [op] = JSON.parse('["refresh"]') as [Op];
    expect(() => createBitbucketMock().gates.hold(op, "before-commit")).toThrow("Not an operation: refresh.");
  });

  it("holds requests before anything changes and lets them go one by one", async () => {
    const mock = createBitbucketMock({ profile: { base: "strict", lockoutMs: 0 } });
    const grant = mock.issueGrant();
    const gate = mock.gates.hold("token:refresh_token", "before-commit");
    const answers = [1, 2].map(() => refresh(mock, grant.tokens.refreshToken));
    await gate.arrived(2);
    expect(mock.grant(grant).generation).toBe(1);
    gate.release(1);
    expect((await answers[0])?.status).toBe(200);
    expect(mock.grant(grant)).toMatchObject({ generation: 2, reuseCount: 0 });
    gate.release(1);
    expect((await answers[1])?.status).toBe(400);
  });

  it("holds requests after the change and before the answer", async () => {
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    const gate = mock.gates.hold("token", "after-commit");
    const answer = refresh(mock, grant.tokens.refreshToken);
    await gate.arrived();
    expect(mock.grant(grant).generation).toBe(2);
    expect(mock.requests.all[0]?.status).toBeUndefined();
    gate.release();
    expect((await answer).status).toBe(200);
  });

  it("lets everyone pass once it is open", async () => {
    const mock = createBitbucketMock();
    const gate = mock.gates.hold("token", "before-commit");
    const first = postToken(mock, { grant_type: "client_credentials" });
    await gate.arrived();
    gate.release();
    await first;
    expect((await postToken(mock, { grant_type: "client_credentials" })).status).toBe(200);
  });

  it("holds only what it was meant for", async () => {
    const mock = createBitbucketMock();
    mock.gates.hold("api", "before-commit");
    expect((await postToken(mock, { grant_type: "client_credentials" })).status).toBe(200);
  });

  it("is opened by reset()", async () => {
    const mock = createBitbucketMock();
    const gate = mock.gates.hold("token", "before-commit");
    const answer = postToken(mock, { grant_type: "client_credentials" });
    await gate.arrived();
    mock.reset();
    expect((await answer).status).toBe(200);
  });
});
