import { describe, expect, it } from "vitest";
import { readRetryDelayMs, readServerTime } from "../../src/api/rate-limit.ts";

const now = Date.parse("2026-09-01T12:00:00Z");
const hourAhead = "Tue, 01 Sep 2026 13:00:00 GMT";

describe("readRetryDelayMs()", () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    ["seconds", { "retry-after": "30" }, 30_000],
    ["no seconds", { "retry-after": "0" }, 0],
    ["a date", { "retry-after": "Tue, 01 Sep 2026 12:00:30 GMT" }, 30_000],
    ["a date that is over", { "retry-after": "Tue, 01 Sep 2026 11:00:00 GMT" }, 0],
    [
      "a date on a server whose clock is ahead",
      { "retry-after": "Tue, 01 Sep 2026 13:00:30 GMT", date: hourAhead },
      30_000,
    ],
    ["Retry-After before x-ratelimit-reset", { "retry-after": "30", "x-ratelimit-reset": "7" }, 30_000],
    ["the seconds that remain", { "x-ratelimit-reset": "7" }, 7000],
    ["an instant", { "x-ratelimit-reset": String(now / 1000 + 7) }, 7000],
    ["an instant that is over", { "x-ratelimit-reset": String(now / 1000 - 7) }, 0],
    [
      "an instant on a server whose clock is ahead",
      { "x-ratelimit-reset": String(now / 1000 + 3607), date: hourAhead },
      7000,
    ],
    ["x-ratelimit-reset behind nonsense", { "retry-after": "soon", "x-ratelimit-reset": "7" }, 7000],
    ["nonsense", { "retry-after": "-1", "x-ratelimit-reset": "7.5" }, undefined],
    ["a number beyond any date", { "x-ratelimit-reset": "99999999999" }, undefined],
    ["nothing", {}, undefined],
  ])("reads %s", (_what, headers, delayMs) => {
    expect(readRetryDelayMs(new Headers(headers), now)).toBe(delayMs);
  });
});

describe("readServerTime()", () => {
  it("reads the Date of a fresh answer", () => {
    expect(readServerTime(new Headers({ date: "Tue, 01 Sep 2026 12:00:00 GMT" }))).toBe(now);
  });

  it("does not believe an answer that a cache kept, nor a date that is none", () => {
    expect(readServerTime(new Headers({ date: "Tue, 01 Sep 2026 12:00:00 GMT", age: "0" }))).toBeUndefined();
    expect(readServerTime(new Headers({ date: "noon" }))).toBeUndefined();
    expect(readServerTime(new Headers())).toBeUndefined();
  });
});
