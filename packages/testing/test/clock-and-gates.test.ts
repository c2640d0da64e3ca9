import { afterEach, describe, expect, it, vi } from "vitest";
import { createMockClock, spanMs } from "../src/fake/clock.ts";
import { createBitbucketMock, type GatePhase, type Op } from "../src/index.ts";
import { callApi, postToken, refresh } from "./token-request.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("the clock", () => {
  it("follows a faked Date and can be moved on top of it", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_000 });
    const clock = createMockClock();
    expect(clock.now()).toBe(1_000);
    await clock.advance("2h");
    vi.setSystemTime(2_000);
    expect(clock.now()).toBe(7_202_000);
    clock.set(new Date(5_000));
    expect(clock.now()).toBe(5_000);
    clock.rewind();
    expect(clock.now()).toBe(2_000);
  });

  it("advances at once, awaited or not", () => {
    const clock = createMockClock({ now: () => 0 });
    void clock.advance(5);
    expect(clock.now()).toBe(5);
  });

  it("follows the clock it is given", async () => {
    let time = 0;
    const mock = createBitbucketMock({ clock: { now: () => time } });
    const { accessToken } = mock.issueGrant().tokens;
    time += 7_199_999;
    expect((await callApi(mock, "/2.0/user", accessToken)).status).toBe(200);
    time += 1;
    expect((await callApi(mock, "/2.0/user", accessToken)).status).toBe(401);
  });

  it("answers while every timer is faked", async () => {
    vi.useFakeTimers();
    const mock = createBitbucketMock();
    mock.faults.next("api", { delay: 1 });
    expect((await callApi(mock, "/2.0/user", mock.issueGrant().tokens.accessToken)).status).toBe(200);
  });
});

describe("spanMs()", () => {
  it.each([
    ["500ms", 500],
    ["90s", 90_000],
    ["1.5m", 90_000],
    ["2h", 7_200_000],
    ["91d", 7_862_400_000],
  ])("reads %s", (span, ms) => {
    expect(spanMs(span)).toBe(ms);
  });

  it.each(["", "2", "2 h", "h", "-2h", "2w"])("refuses %j", (span) => {
    expect(() => spanMs(span)).toThrow("Not a length of time");
  });
});

describe("the clock of a fake", () => {
  it("refuses what is no time: with it no token would ever expire", async () => {
    const { clock } = createBitbucketMock();
    await expect(clock.advance(Number.NaN)).rejects.toThrow("Not a length of time");
    expect(() => clock.set(JSON.parse('"soon"'))).toThrow("Not a time: soon");
    expect(Number.isFinite(clock.now())).toBe(true);
  });
});

describe("gates.hold()", () => {
  it("refuses an operation that does not exist, at which nothing would ever arrive", () => {
    // As a program without types could say it.
    const [op] = JSON.parse('["refresh"]') as [Op];
    expect(() => createBitbucketMock().gates.hold(op, "before-commit")).toThrow("Not an operation: refresh.");
  });

  it("refuses a phase that does not exist, for the same reason", () => {
    const [phase] = JSON.parse('["before"]') as [GatePhase];
    expect(() => createBitbucketMock().gates.hold("token", phase)).toThrow(
      "Not a phase: before. Known are before-commit, after-commit.",
    );
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

  it("lets every request pass once it is open", async () => {
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
