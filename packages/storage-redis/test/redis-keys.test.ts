import { isBitbucketAuthError } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { redisKeys } from "../src/redis-keys.ts";

describe("redisKeys()", () => {
  it("gives every name of a key the same hash tag, whatever the key contains", () => {
    for (const key of ["plain", "{a}b{c}", "}{", "a b\r\n", "🔑", ""]) {
      const { record, lease, fence, channel } = redisKeys("bb", "").of(key);
      const tags = [record, lease, fence, channel].map(
        (name) => /^bb:\{([\w-]{43})\}:[a-z]+$/.exec(name)?.[1],
      );
      expect(new Set(tags).size).toBe(1);
      expect(tags[0]).toBeDefined();
    }
  });

  it("gives different keys different names", () => {
    const keys = redisKeys("bb", "");
    expect(keys.of("a").record).not.toBe(keys.of("b").record);
  });

  it("gives a key the same names again, also after 10,000 others", () => {
    const keys = redisKeys("bb", "");
    const names = keys.of("a");
    expect(keys.of("a")).toBe(names);
    for (let n = 0; n < 10_000; n++) keys.of(`key ${n}`);
    expect(keys.of("a")).not.toBe(names);
    expect(keys.of("a")).toEqual(names);
  });

  it("refuses a key that is no well-formed Unicode, which would be named like another", () => {
    expect(() => redisKeys("bb", "").of("a\ud800")).toThrow(
      expect.objectContaining({ code: "storage_failed", action: "fix_config" }),
    );
  });

  it("never shows the key in a name", () => {
    expect(redisKeys("bb", "").of("alice").record).not.toContain("alice");
  });

  it("escapes what a pattern would read as a wildcard", () => {
    expect(redisKeys(String.raw`a*b?[c]\d`, "").records).toBe(String.raw`a\*b\?\[c\]\\d:{*}:rec`);
  });

  it("counts the client's own prefix in patterns and channels, and not in keys", () => {
    const keys = redisKeys("bb", "app:");
    expect(keys.records).toMatch(/^app:bb:/);
    expect(keys.of("k").channel).toMatch(/^app:bb:/);
    expect(keys.of("k").record).toMatch(/^bb:/);
  });

  it.each(["", "{", "}", "a{b}"])("refuses the prefix %j", (prefix) => {
    expect(() => redisKeys(prefix, "")).toThrow(
      expect.toSatisfy((error) => isBitbucketAuthError(error) && error.code === "invalid_options"),
    );
  });
});
