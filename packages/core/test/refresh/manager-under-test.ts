import type { BitbucketAuthEvent, BitbucketAuthEvents } from "../../src/events.ts";
import type { GrantRef } from "../../src/refresh/grant-ref.ts";
import type { RefreshContext } from "../../src/refresh/refresh-context.ts";
import { createTokenManager, type TokenManager } from "../../src/refresh/token-manager.ts";
import type { TokenRecord } from "../../src/storage/token-record.ts";
import {
  activeRecord,
  ann,
  createRefreshUnderTest,
  startOfTest,
  type RefreshUnderTest,
} from "./refresh-under-test.ts";

const minute = 60_000;

/** The consumer itself, as it is stored. */
export const consumer: GrantRef = { key: "site/consumer/client", account: undefined };

/** A caller who takes any token that works. */
export const anything = { minValidityMs: 0 };

export interface ManagerUnderTest extends RefreshUnderTest {
  readonly manager: TokenManager;
  /** How often a record was read from the storage. */
  reads(): number;
}

/** A token manager over a memory storage, canned answers and a clock that stands still. */
export function createManagerUnderTest(
  answers: Parameters<typeof createRefreshUnderTest>[0] = [],
  overrides: Partial<RefreshContext> = {},
): ManagerUnderTest {
  const test = createRefreshUnderTest(answers, overrides);
  return {
    ...test,
    manager: createTokenManager(test.context),
    reads: () => test.scripted.calls.get.length,
  };
}

/** The dates of a token that lives two hours and was obtained so many minutes before the test began. */
export function minutesOld(age: number): Pick<TokenRecord, "obtainedAt" | "accessExpiresAt"> {
  const obtainedAt = startOfTest - age * minute;
  return { obtainedAt, accessExpiresAt: obtainedAt + 120 * minute };
}

/** Stores a record in place of whatever is stored, as another process would: the one under test has not seen it. */
export async function storeRecord(
  { context: { store } }: RefreshUnderTest,
  overrides: Partial<TokenRecord> = {},
  { key }: GrantRef = ann,
): Promise<void> {
  const before = await store.read(key);
  const written = await store.replace(key, before?.version ?? null, activeRecord(overrides));
  if (!written.ok) throw new Error("the record was not stored");
}

/** What is told of one event from now on, in order. */
export function hear<E extends BitbucketAuthEvent>(
  { context }: RefreshUnderTest,
  name: E,
): readonly BitbucketAuthEvents[E][] {
  const heard: BitbucketAuthEvents[E][] = [];
  context.events.on(name, (event) => void heard.push(event));
  return heard;
}

export interface HeldAnswer<T> {
  readonly answer: () => Promise<T>;
  /** Resolves when it was asked for. */
  readonly asked: Promise<void>;
  release(): void;
}

/** An answer that comes when the test says so. */
export function heldAnswer<T>(given: T): HeldAnswer<T> {
  let arrive: () => void = () => undefined;
  let release: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (arrive = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  return {
    asked,
    release: () => release(),
    async answer() {
      arrive();
      await released;
      return given;
    },
  };
}
