import { describe, expect, it } from "vitest";
import { readHttpDate, readRetryAfter } from "../../src/token-endpoint/http.ts";

const date = "Sun, 06 Nov 1994 08:49:37 GMT";
const instant = Date.UTC(1994, 10, 6, 8, 49, 37);
const aDay = 24 * 60 * 60 * 1000;

function read(value: string | undefined, now = instant): number | undefined {
  return readRetryAfter(new Headers(value === undefined ? {} : { "retry-after": value }), now);
}

describe("readRetryAfter()", () => {
  it("reads seconds", () => {
    expect([read("30"), read("0"), read(" 7 ")]).toEqual([30_000, 0, 7_000]);
  });

  it("reads headers of any making, which may keep the spaces", () => {
    const headers = new Headers();
    headers.get = () => " 7 ";
    expect(readRetryAfter(headers, instant)).toBe(7_000);
  });

  it("reads a fraction, and the first of several", () => {
    expect([read("1.25"), read("30, 60"), read("7,7"), read("5;w=3600")]).toEqual([
      1_250, 30_000, 7_000, 5_000,
    ]);
  });

  it("reads a date", () => {
    expect(read(date, instant - 5_000)).toBe(5_000);
  });

  it("does not wait for a date that is past", () => {
    expect(read(date, instant + 5_000)).toBe(0);
  });

  it("waits a day at most", () => {
    expect(read("99999999999999999999")).toBe(aDay);
    expect(read(date, instant - 2 * aDay)).toBe(aDay);
  });

  it.each([undefined, "", "-5", "5 minutes", "5s", "soon", "1e3", "Infinity", "2026-09-01"])(
    "has no answer for %j",
    (value) => {
      expect(read(value)).toBeUndefined();
    },
  );
});

describe("readHttpDate()", () => {
  it("reads the date of RFC 9110", () => {
    expect(readHttpDate(date)).toBe(instant);
  });

  it.each([
    null,
    "",
    "1",
    "2026",
    "2026-09-01",
    "Sun, 06 Nov 1994 08:49:37 +0100",
    "Sun, 99 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT+0100",
    "(on) Sun, 06 Nov 1994 08:49:37 GMT",
  ])("does not take %j for one", (value) => {
    expect(readHttpDate(value)).toBeUndefined();
  });
});
