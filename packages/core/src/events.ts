import { InvalidOptionsError } from "./errors.js";
import { assertFunction, type Logger } from "./environment.js";
import { nameOfThrown } from "./text.js";

/**
 * What happened, by event name. `account` is absent when the consumer acts as itself. `generation` counts the redemptions of a
 * grant, `attempts` the writes of one redemption. No event carries a token.
 */
export interface BitbucketAuthEvents {
  /** A new access token is stored. `recovered`: an earlier attempt had been cut short. */
  refreshed: {
    readonly account?: string | undefined;
    readonly generation: number;
    readonly recovered: boolean;
  };
  /** A caller waits for a refresh that is already running in this process. */
  joined: { readonly account?: string | undefined };
  /** Another process refreshed the grant; its token is used. */
  adopted: { readonly account?: string | undefined; readonly generation: number };
  /** A refresh failed. `retryAt` is when the next attempt is allowed, epoch milliseconds. */
  failed: {
    readonly account?: string | undefined;
    readonly code: string;
    readonly retryAt?: number | undefined;
    /** HTTP status of the token endpoint's answer, when there was one. */
    readonly status?: number | undefined;
    /** The OAuth error code as sent (RFC 6749 section 5.2). */
    readonly oauthError?: string | undefined;
    /** The error's message: what went wrong, what is known of the grant, and the next step. */
    readonly message?: string | undefined;
  };
  /** A refresh succeeded but its tokens could not be saved yet; saving goes on. If the process ends now, the grant is lost. */
  persistFailed: { readonly account?: string | undefined; readonly attempts: number };
  /** Tokens that could not be saved at first are saved now. */
  persisted: { readonly account?: string | undefined; readonly attempts: number };
  /**
   * Tokens that could not be saved are given up. `signed_out`: the account was signed out meanwhile, so nothing is lost.
   * `closed`: this `BitbucketAuth` was closed first, and the user has to sign in again unless `onUnpersisted` kept them.
   */
  persistAbandoned: {
    readonly account?: string | undefined;
    readonly attempts: number;
    readonly reason: "signed_out" | "closed";
  };
  /** The lease lapsed while it was held: this process was frozen, or the storage lost it. */
  leaseLost: { readonly account?: string | undefined };
  /** The lease was obtained after waiting. */
  leaseWaited: { readonly account?: string | undefined; readonly waitedMs: number };
  /** Another process wrote first; the writes were merged. */
  conflict: { readonly account?: string | undefined };
  /** Two processes redeemed one refresh token; the newer redemption is kept. */
  siblingMerged: { readonly account?: string | undefined; readonly kept: "mine" | "stored" };
  /** Bitbucket refused a token whose earlier redemption may have been lost or repeated. */
  reuseSuspected: { readonly account?: string | undefined };
  /** The storage failed while a token in memory could still be served. */
  storageFailed: {
    readonly account?: string | undefined;
    /** The error's message: which operation failed, and how. */
    readonly message?: string | undefined;
  };
  /** A sign-in, or `saveTokens()`, has stored a grant. */
  signedIn: { readonly account: string };
  /** `signOut()` has deleted the stored grant. */
  signedOut: { readonly account: string };
  /** Bitbucket's clock minus this machine's, in milliseconds, each time the measured value changes. */
  clockSkew: { readonly skewMs: number };
  /** Bitbucket refuses every grant of the consumer; refreshes wait until `retryAt`. */
  consumerBlocked: { readonly retryAt: number };
  /** Bitbucket accepts the consumer's requests again. */
  consumerUnblocked: { readonly at: number };
}

/** The name of an event. */
export type BitbucketAuthEvent = keyof BitbucketAuthEvents;

/** Receives one kind of event. What it throws is logged and otherwise ignored. */
export type EventListener<E extends BitbucketAuthEvent> = (event: BitbucketAuthEvents[E]) => void;

/** Where the modules of core report events. */
export interface EventHub {
  emit<E extends BitbucketAuthEvent>(name: E, event: BitbucketAuthEvents[E]): void;
  on<E extends BitbucketAuthEvent>(name: E, listener: EventListener<E>): () => void;
}

type Level = "debug" | "info" | "warn" | "error";

/** How serious each event is, and what its log line says of whom. The fields stand beside it. */
const lines: {
  readonly [E in BitbucketAuthEvent]: readonly [
    Level,
    (whom: string, event: BitbucketAuthEvents[E]) => string,
  ];
} = {
  refreshed: ["info", (whom) => `A new access token for ${whom} is stored.`],
  joined: ["debug", (whom) => `A caller waits for the refresh of ${whom} that is under way.`],
  adopted: ["debug", (whom) => `Another process refreshed ${whom}; its token is used.`],
  failed: ["warn", (_whom, { message, code }) => message ?? `A refresh failed (${code}).`],
  persistFailed: [
    "error",
    (whom) =>
      `New tokens for ${whom} are not saved yet. Repair the storage; do not restart this process until \`persisted\`.`,
  ],
  persisted: ["warn", (whom) => `The new tokens for ${whom} are saved now.`],
  persistAbandoned: [
    "warn",
    (whom, { reason }) =>
      reason === "signed_out"
        ? `New tokens for ${whom} were dropped: it was signed out meanwhile.`
        : `New tokens for ${whom} were lost: this BitbucketAuth was closed before they were saved. Sign in again unless onUnpersisted kept them.`,
  ],
  leaseLost: ["warn", (whom) => `The lease for ${whom} lapsed while it was held.`],
  leaseWaited: ["debug", (whom) => `The lease for ${whom} was obtained after waiting.`],
  conflict: ["debug", (whom) => `Another process wrote ${whom} first; the writes were merged.`],
  siblingMerged: [
    "warn",
    (whom) => `Two processes redeemed one refresh token of ${whom}; the newer redemption is kept.`,
  ],
  reuseSuspected: [
    "warn",
    (whom) => `Bitbucket refused a refresh token of ${whom} that may have been sent before.`,
  ],
  storageFailed: [
    "warn",
    (whom, { message }) =>
      `The storage failed, and ${whom} is served from memory.${message === undefined ? "" : ` ${message}`}`,
  ],
  signedIn: ["info", (whom) => `${whom} signed in.`],
  signedOut: ["info", (whom) => `${whom} signed out.`],
  clockSkew: [
    "warn",
    (_whom, { skewMs }) =>
      `This machine's clock is ${Math.abs(Math.round(skewMs / 1000))} s ${skewMs < 0 ? "ahead of" : "behind"} Bitbucket's.`,
  ],
  consumerBlocked: [
    "warn",
    (_whom, { retryAt }) =>
      `Bitbucket refuses every grant of this consumer. Refreshes wait until ${isoTime(retryAt)}.`,
  ],
  consumerUnblocked: ["info", () => "Bitbucket accepts this consumer's requests again."],
};

/** The account of an event as a log line shows it: on one line even if the account key holds a line end, and shortened. */
function nameOf(account: string | undefined): string {
  if (account === undefined) return "the consumer itself";
  return `account ${JSON.stringify(account.length > 100 ? `${account.slice(0, 100)}…` : account)}`;
}

function isoTime(instant: number): string {
  const date = new Date(instant);
  return Number.isNaN(date.getTime()) ? String(instant) : date.toISOString();
}

/** The fields of a log line: the event, its instants as ISO 8601, its durations in whole milliseconds, without its message. */
function fieldsOf(event: object): object {
  return Object.fromEntries(
    Object.entries(event)
      .filter(([name, value]) => value !== undefined && name !== "message")
      .map(([name, value]: [string, unknown]) => {
        if (typeof value !== "number") return [name, value];
        if (name === "at" || name.endsWith("At")) return [name, isoTime(value)];
        return [name, Math.round(value)];
      }),
  );
}

type Listeners = { [E in BitbucketAuthEvent]?: Set<EventListener<E>> };

/** Sends each event to its listeners and to the logger. What they throw does not reach the code that emits. */
export function createEventHub(logger: Logger): EventHub {
  const listeners: Listeners = {};
  // What a listener threw may hold anything: only its name is logged.
  const tell = (error: unknown): void => logQuietly(logger, nameOfThrown(error));
  const safely = (call: () => unknown): void => {
    try {
      const outcome = call();
      // An async listener fits the type as well: its rejection would go unhandled, and end the process.
      if (isPromise(outcome)) outcome.then(undefined, tell);
    } catch (error) {
      tell(error);
    }
  };
  return {
    emit(name, event) {
      const [level, say] = lines[name];
      if (logger[level] !== undefined)
        safely(() => {
          const whom = nameOf("account" in event ? event.account : undefined);
          return logger[level]?.(`bitbucket-auth: ${name}: ${say(whom, event)}`, fieldsOf(event));
        });
      const receivers: Iterable<(event: BitbucketAuthEvents[typeof name]) => void> = listeners[name] ?? [];
      for (const listener of receivers) safely(() => listener(event));
    },
    on(name, listener) {
      assertFunction(listener, "The listener");
      if (!Object.hasOwn(lines, name)) {
        throw new InvalidOptionsError(
          `There is no event of that name. There are: ${Object.keys(lines).join(", ")}.`,
        );
      }
      const known: Set<EventListener<typeof name>> = listeners[name] ?? new Set();
      Object.assign(listeners, { [name]: known.add(listener) });
      return () => void known.delete(listener);
    },
  };
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function logQuietly(logger: Logger, name: string): void {
  try {
    logger.error?.(`bitbucket-auth: a listener or logger threw (${name})`);
  } catch {
    // The logger itself is what throws: there is nowhere left to report it.
  }
}
