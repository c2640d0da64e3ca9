import * as fc from "fast-check";
import { InvalidOptionsError } from "../../src/errors.ts";
import {
  accountOfStorageKey,
  consumerPrefix,
  storageKey,
  userKeyPrefix,
  type TokenKey,
} from "../../src/storage/record.ts";
import { describe, expect, it } from "vitest";

const owner = { site: "bitbucket.org", consumer: "consumer-key" };
const wellFormed = fc.string({ unit: "binary", minLength: 1 });
/** Short words made of what keys are joined with collide first, if anything does. */
const tricky = fc.string({
  unit: fc.constantFrom("a", "/", "%", ".", "user", "client", "%2F", "\u0000"),
  minLength: 1,
});
const part = fc.oneof(wellFormed, tricky);
const tokenKey: fc.Arbitrary<TokenKey> = fc.record({
  site: part,
  consumer: part,
  account: fc.option(part, { nil: undefined }),
});

describe("storageKey()", () => {
  it("gives no two grants one key", () => {
    fc.assert(
      fc.property(tokenKey, tokenKey, (a, b) => {
        const same = a.site === b.site && a.consumer === b.consumer && a.account === b.account;
        expect(storageKey(a) === storageKey(b)).toBe(same);
      }),
      { numRuns: 5_000 },
    );
  });

  it("tells an account called client, or user, from the consumer itself", () => {
    const keys = [undefined, "client", "user", "user/client", "../client"].map((account) =>
      storageKey({ ...owner, account }),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("begins with the prefixes that are walked by", () => {
    fc.assert(
      fc.property(tokenKey, (key) => {
        expect(storageKey(key).startsWith(consumerPrefix(key))).toBe(true);
        expect(storageKey(key).startsWith(userKeyPrefix(key))).toBe(key.account !== undefined);
      }),
    );
  });

  it("does not begin with the prefix of a consumer whose id begins alike", () => {
    const key = storageKey({ ...owner, consumer: "consumer-key-2", account: "ann" });
    expect(key.startsWith(consumerPrefix(owner))).toBe(false);
  });

  it("refuses an empty account", () => {
    expect(() => storageKey({ ...owner, account: "" })).toThrow(InvalidOptionsError);
    expect(() => storageKey({ ...owner, account: "" })).toThrow("Pass the key you signed it in under.");
  });

  it.each([
    { ...owner, account: "ann\uD800" },
    { ...owner, consumer: "\uDC00", account: "ann" },
  ])("refuses a lone surrogate, typed and not as a URIError (%#)", (key) => {
    expect(() => storageKey(key)).toThrow(InvalidOptionsError);
  });
});

describe("accountOfStorageKey()", () => {
  it.each(["ann", "{3f1c-uuid}", "a/b", "100%", "%2F", "ünï¢ødé 🦊", "..", " ", "user/"])(
    "gives back %j",
    (account) => {
      expect(accountOfStorageKey(storageKey({ ...owner, account }))).toBe(account);
    },
  );

  it("gives back whatever account went in", () => {
    fc.assert(
      fc.property(part, (account) => {
        expect(accountOfStorageKey(storageKey({ ...owner, account }))).toBe(account);
      }),
      { numRuns: 2_000 },
    );
  });
});
