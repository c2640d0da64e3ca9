import type { PageHistory, PageLocation } from "../src/page.ts";
import type { StateStorage } from "../src/state-storage.ts";

/** A page that goes nowhere by itself: what it was told is written down. */
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
