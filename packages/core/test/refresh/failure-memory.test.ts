import { describe, expect, it } from "vitest";
import { TokenRequestError } from "../../src/errors.ts";
import { createFailureMemory } from "../../src/refresh/failure-memory.ts";
import { activeRecord, ann, createRefreshUnderTest, startOfTest } from "./refresh-under-test.ts";

const error = new TokenRequestError("Bitbucket is down.");
const failure = { code: error.code, at: startOfTest, count: 1, retryAt: startOfTest + 5_000 };
const bob = { key: "site/consumer/user/bob", account: "bob" };

describe("createFailureMemory()", () => {
  it("gives callers in the cool-down the same error as the first", () => {
    const { context, clock } = createRefreshUnderTest();
    const memory = createFailureMemory(context.clock);
    memory.remember(ann, activeRecord(), { error, failure });
    clock.move(4_999);
    expect(memory.isCooling(ann)).toBe(true);
    expect(() => memory.assertNone(ann, activeRecord())).toThrow(error);
    clock.move(1);
    expect(memory.isCooling(ann)).toBe(false);
    expect(() => memory.assertNone(ann, activeRecord())).not.toThrow();
  });

  it("holds nothing against another grant", () => {
    const { context } = createRefreshUnderTest();
    const memory = createFailureMemory(context.clock);
    memory.remember(ann, activeRecord(), { error, failure });
    expect(memory.isCooling(bob)).toBe(false);
    expect(memory.previous(bob)).toBeUndefined();
    expect(() => memory.assertNone(bob, activeRecord())).not.toThrow();
  });

  it("remembers how often it failed after the cool-down too, so that the next one is longer", () => {
    const { context, clock } = createRefreshUnderTest();
    const memory = createFailureMemory(context.clock);
    memory.remember(ann, activeRecord(), { error, failure });
    clock.move(60_000);
    memory.assertNone(ann, activeRecord());
    expect(memory.previous(ann)).toEqual(failure);
  });

  it("forgets a failure that was about another refresh token", () => {
    const { context } = createRefreshUnderTest();
    const memory = createFailureMemory(context.clock);
    memory.remember(ann, activeRecord(), { error, failure });
    expect(() => memory.assertNone(ann, activeRecord({ refreshFp: "a new sign-in's" }))).not.toThrow();
    expect(memory.previous(ann)).toBeUndefined();
  });

  it("forgets when it is told to", () => {
    const { context } = createRefreshUnderTest();
    const memory = createFailureMemory(context.clock);
    memory.remember(ann, activeRecord(), { error, failure });
    memory.forget(ann);
    expect(memory.isCooling(ann)).toBe(false);
    expect(() => memory.assertNone(ann, activeRecord())).not.toThrow();
  });

  it("works for the consumer itself, which may have no record yet", () => {
    const { context } = createRefreshUnderTest();
    const memory = createFailureMemory(context.clock);
    memory.remember(ann, undefined, { error, failure });
    expect(() => memory.assertNone(ann, undefined)).toThrow(error);
  });
});
