import { afterEach, describe, expect, it, vi } from "vitest";
import { createBitbucketMock } from "../src/index.ts";
import { createMockClock, spanMs } from "../src/mock-clock.ts";
import { callApi } from "./token-request.ts";

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
