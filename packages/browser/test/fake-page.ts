import type { PageHistory, PageLocation, StateStorage } from "../src/index.ts";

/** A page that records navigation in place of navigating. */
export interface FakePage {
  readonly location: PageLocation;
  readonly history: PageHistory;
  /** Where it was sent. */
  readonly visited: readonly string[];
  /** What became of its address and its storage, in order. */
  readonly steps: readonly string[];
  readonly storage: StateStorage & { readonly entries: ReadonlyMap<string, string> };
  /** The browser has gone to another address and loaded the page anew. */
  open(href: string): void;
}

export function createFakePage(href = "https://app.test/repos?sort=name#top"): FakePage {
  const visited: string[] = [];
  const steps: string[] = [];
  const entries = new Map<string, string>();
  const location = { href, assign: (url: string | URL) => void visited.push(String(url)) };
  return {
    location,
    visited,
    steps,
    history: {
      state: { kept: true },
      replaceState(state, _unused, url) {
        steps.push(`replaceState ${JSON.stringify(state)} ${String(url)}`);
        location.href = String(url);
      },
    },
    storage: {
      entries,
      getItem(key) {
        steps.push(`getItem ${key}`);
        return entries.get(key) ?? null;
      },
      setItem: (key, value) => void entries.set(key, value),
      removeItem(key) {
        steps.push(`removeItem ${key}`);
        entries.delete(key);
      },
    },
    open(next) {
      location.href = next;
    },
  };
}

/** What a call throws, or fails the test. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("It threw nothing.");
}

/** What a promise rejects with, or fails the test. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`It resolved with ${JSON.stringify(value)}.`);
    },
    (error: unknown) => error,
  );
}
