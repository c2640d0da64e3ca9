import type { RulingFacts } from "./answers.js";
import { realTimeout } from "./clock.js";
import { assertNames } from "./names.js";
import {
  checkedMatcher,
  matches,
  type MatchedRequest,
  type Matcher,
  type Op,
  type GrantType,
} from "./operation.js";

/** One request as the log keeps it. There is no token, code or secret in it to be printed. */
export interface RequestEntry extends MatchedRequest, RulingFacts {
  /** Counts from 1. */
  readonly number: number;
  /** When it came, by the fake's clock. */
  readonly at: number;
  /** Without secrets. */
  readonly url: string;
  readonly grantType?: string;
  /** The form fields; secrets are replaced by their lengths. */
  readonly form: Readonly<Record<string, string>>;
  /** How it authenticated: the scheme of the Authorization header. */
  readonly scheme?: string;
  /** What was answered; absent while it is under way and when no answer went out. */
  readonly status?: number;
  /** The fault it met, by kind. */
  readonly fault?: string;
  readonly violation?: string;
  readonly clientId?: string;
  readonly grantId?: string;
}

/** Something a client did that Bitbucket refuses from every caller. */
export interface Violation {
  /** The request's number in the log. */
  readonly request: number;
  readonly op: Op;
  readonly method: string;
  readonly path: string;
  readonly message: string;
}

/** Everything that was asked of the fake, in order. Safe to print. */
export interface RequestLog {
  readonly all: readonly RequestEntry[];
  /** Token requests, of one grant type when it is given. */
  token(grantType?: GrantType): readonly RequestEntry[];
  /** API requests, with this path when it is given. */
  api(path?: string | RegExp): readonly RequestEntry[];
  /** How many requests match. */
  count(matcher: Matcher): number;
  /** Resolves once `count` matching requests have been answered or lost. Rejects after `timeoutMs` real milliseconds. */
  waitFor(
    matcher: Matcher,
    options?: { readonly count?: number; readonly timeoutMs?: number },
  ): Promise<readonly RequestEntry[]>;
}

type Mutable<Entry> = { -readonly [Key in keyof Entry]: Entry[Key] };

/** The log, as the exchange uses it. */
export interface RequestRecorder {
  readonly log: RequestLog;
  readonly violations: Violation[];
  open(entry: Omit<RequestEntry, "number">): Mutable<RequestEntry>;
  /** Marks an entry as finished and resolves the waits for it. */
  close(entry: RequestEntry): void;
  clear(): void;
}

/** An empty log. */
export function createRequestLog(): RequestRecorder {
  const entries: RequestEntry[] = [];
  const violations: Violation[] = [];
  const finished = new Set<RequestEntry>();
  const waiting = new Set<() => void>();
  let opened = 0;

  const select = (given: Matcher): readonly RequestEntry[] => {
    const matcher = checkedMatcher(given);
    return entries.filter((entry) => matches(matcher, entry));
  };
  const log: RequestLog = {
    all: entries,
    token: (grantType) => select(grantType === undefined ? "token" : `token:${grantType}`),
    api: (path) => select({ op: "api", ...(path !== undefined && { path }) }),
    count: (matcher) => select(matcher).length,
    waitFor: (matcher, options = {}) =>
      new Promise((resolve, reject) => {
        assertNames(options, "waitFor()", ["count", "timeoutMs"]);
        const { count = 1, timeoutMs = 5_000 } = options;
        select(matcher);
        const look = (): void => {
          const found = select(matcher).filter((entry) => finished.has(entry));
          if (found.length < count) return;
          stop();
          resolve(found);
        };
        const cancelTimeout = realTimeout(timeoutMs, () => {
          stop();
          reject(
            new Error(
              `Waited ${timeoutMs} ms for ${count} matching requests; there were ${select(matcher).length}`,
            ),
          );
        });
        const stop = (): void => {
          cancelTimeout();
          waiting.delete(look);
        };
        waiting.add(look);
        look();
      }),
  };
  return {
    log,
    violations,
    open(given) {
      opened += 1;
      const entry: Mutable<RequestEntry> = { number: opened, ...given };
      entries.push(entry);
      return entry;
    },
    close(entry) {
      finished.add(entry);
      const { number: request, op, method, path, violation } = entry;
      if (violation !== undefined) violations.push({ request, op, method, path, message: violation });
      for (const look of waiting) look();
    },
    clear() {
      entries.length = 0;
      violations.length = 0;
      finished.clear();
      opened = 0;
    },
  };
}
