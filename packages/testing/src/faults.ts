import { checkedMatcher, matches, type MatchedRequest, type Matcher, type Op } from "./operation.js";
import { realDelay } from "./real-timers.js";

/** How a connection ends without an answer. */
export type NetworkFailure = "reset" | "refused" | "dns";

/** One way for a request to go wrong. Those that say so happen after the change was made: a refresh has rotated. */
export type Fault =
  /** Refused by status, in Bitbucket's words for that endpoint, as a page, as bare text, or with no body. */
  | {
      readonly status: number;
      /** Seconds, or a date that is sent as an HTTP date. */
      readonly retryAfter?: number | Date | string;
      readonly body?: "dialect" | "text" | "html" | "empty";
    }
  /** Refused with this OAuth error. */
  | {
      readonly oauth:
        | "invalid_grant"
        | "invalid_client"
        | "unauthorized_client"
        | "invalid_scope"
        | "invalid_request";
    }
  /** No answer: the connection fails before the request was read. */
  | { readonly network: NetworkFailure }
  /** No answer at all, until the client gives up or the faults are cleared. */
  | { readonly hang: true }
  /** Answered as usual, so many real milliseconds late. */
  | { readonly delay: number }
  /** Redirected to another address. */
  | { readonly redirect: 301 | 302 | 303 | 307 | 308; readonly to: string }
  /** Answered with exactly this, nothing done. */
  | {
      readonly answer: {
        readonly status?: number;
        readonly headers?: Readonly<Record<string, string>>;
        readonly body?: string;
      };
    }
  /** After the change: the answer is spoilt; the last two of these spoil good answers only. */
  | {
      readonly body:
        | "malformed-json"
        | "truncated"
        | "html"
        | "empty"
        | "text-plain"
        | "wrong-types"
        | "missing-refresh-token";
    }
  /** After the change: members of a good JSON answer are replaced, or taken out. */
  | { readonly fields: Readonly<Record<string, unknown>>; readonly without?: readonly string[] }
  /** After the change the answer is lost: the connection breaks, hangs, or a 500 comes. */
  | { readonly commitThen: "reset" | "hang" | 500 };

/** Faults by appointment. They fire when told and never by chance. */
export interface Faults {
  /** The next request for `op` meets the fault; the next `times` of them. */
  next(op: Op, fault: Fault, times?: number): void;
  /** Requests that match meet the fault, at most `times` of them. */
  when(matcher: Matcher, fault: Fault, options?: { readonly times?: number }): FaultHandle;
  /** Forgets every fault and lets go of what hangs. */
  clear(): void;
}

/** A fault that was arranged: how often it fired, and how to take it back. */
export interface FaultHandle {
  /** How often it has fired. */
  hits(): number;
  remove(): void;
}

/** The faults, as the exchange uses them. */
export interface FaultPlan extends Faults {
  /** The fault this request meets, counted. The one arranged first fires first. */
  take(request: MatchedRequest): Fault | null;
  /** Resolves when the client has gone or the faults are cleared. Keeps the process alive meanwhile. */
  hang(signal: AbortSignal): Promise<void>;
}

const kinds = "status oauth network hang delay redirect answer body fields commitThen".split(" ");

/** Answers the fault. Throws where it is of no kind: requests would be answered as usual, and nobody would hear of it. */
function checkedFault(fault: Fault): Fault {
  if (kinds.some((kind) => kind in fault)) return fault;
  throw new TypeError(`Not a fault: it has ${Object.keys(fault).join(", ")}. Known are ${kinds.join(", ")}.`);
}

/** Longest delay a timer takes; a hanging request needs a timer, or Node ends the process under it. */
const foreverMs = 2 ** 31 - 1;

export function createFaults(): FaultPlan {
  const arranged = new Set<{ matcher: Matcher; fault: Fault; left: number; hits: number }>();
  let released = new AbortController();

  const when: Faults["when"] = (matcher, fault, { times = Number.POSITIVE_INFINITY } = {}) => {
    const arrangement = {
      matcher: checkedMatcher(matcher),
      fault: checkedFault(fault),
      left: times,
      hits: 0,
    };
    arranged.add(arrangement);
    return { hits: () => arrangement.hits, remove: () => void arranged.delete(arrangement) };
  };
  return {
    when,
    next: (op, fault, times = 1) => void when(op, fault, { times }),
    clear() {
      arranged.clear();
      released.abort();
      released = new AbortController();
    },
    take(request) {
      for (const arrangement of arranged) {
        if (!matches(arrangement.matcher, request)) continue;
        arrangement.left -= 1;
        arrangement.hits += 1;
        if (arrangement.left <= 0) arranged.delete(arrangement);
        return arrangement.fault;
      }
      return null;
    },
    hang: (signal) => realDelay(foreverMs, AbortSignal.any([signal, released.signal])),
  };
}
