import type { Logger } from "./logger.js";

/** What happened, by event name. `account` is absent when the consumer acts as itself. No event carries a token. */
export interface BitbucketAuthEvents {
  /** A new access token is stored. `recovered`: an earlier attempt had been cut short. */
  refreshed: {
    readonly account?: string | undefined;
    readonly generation: number;
    readonly recovered: boolean;
  };
  /** A caller waits for a refresh that is already running in this process. */
  joined: { readonly account?: string | undefined };
  /** Another process had refreshed; its token is used. */
  adopted: { readonly account?: string | undefined; readonly generation: number };
  /** A refresh failed. `retryAt` is when the next attempt is allowed, epoch milliseconds. */
  failed: {
    readonly account?: string | undefined;
    readonly code: string;
    readonly retryAt?: number | undefined;
  };
  /** A refresh succeeded but its tokens could not be saved yet; saving goes on. The most serious event there is. */
  persistFailed: { readonly account?: string | undefined; readonly attempts: number };
  /** Tokens that could not be saved at first are saved now. */
  persisted: { readonly account?: string | undefined; readonly attempts: number };
  /**
   * Tokens that could not be saved are given up: the account was signed out meanwhile, which needs nobody, or this
   * `BitbucketAuth` was closed first, which means signing in again unless `onUnpersisted` kept them.
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
  /** Somebody else wrote first; the writes were merged. */
  conflict: { readonly account?: string | undefined };
  /** Two processes redeemed one refresh token; the newer redemption is kept. */
  siblingMerged: { readonly account?: string | undefined; readonly kept: "mine" | "stored" };
  /** Bitbucket refused a token whose earlier redemption may have been lost or repeated. */
  reuseSuspected: { readonly account?: string | undefined };
  /** The storage failed while a token in memory could still be served. */
  storageFailed: { readonly account?: string | undefined };
  signedIn: { readonly account: string };
  signedOut: { readonly account: string };
  /** This machine's clock and Bitbucket's differ by this much. */
  clockSkew: { readonly skewMs: number };
  /** Bitbucket refuses every grant of the consumer; refreshes wait until `retryAt`. */
  consumerBlocked: { readonly retryAt: number };
  /** Bitbucket takes the consumer's requests again. */
  consumerUnblocked: { readonly at: number };
}

/** The name of an event. */
export type BitbucketAuthEvent = keyof BitbucketAuthEvents;

/** Receives one kind of event. What it throws is logged and otherwise ignored. */
export type EventListener<E extends BitbucketAuthEvent> = (event: BitbucketAuthEvents[E]) => void;

/** Where the parts of core report to. */
export interface EventHub {
  emit<E extends BitbucketAuthEvent>(name: E, event: BitbucketAuthEvents[E]): void;
  on<E extends BitbucketAuthEvent>(name: E, listener: EventListener<E>): () => void;
}

const levels: Readonly<Record<BitbucketAuthEvent, "debug" | "info" | "warn" | "error">> = {
  refreshed: "info",
  joined: "debug",
  adopted: "debug",
  failed: "warn",
  persistFailed: "error",
  persisted: "warn",
  persistAbandoned: "warn",
  leaseLost: "warn",
  leaseWaited: "debug",
  conflict: "debug",
  siblingMerged: "warn",
  reuseSuspected: "warn",
  storageFailed: "warn",
  signedIn: "info",
  signedOut: "info",
  clockSkew: "warn",
  consumerBlocked: "warn",
  consumerUnblocked: "info",
};

type Listeners = { [E in BitbucketAuthEvent]?: Set<EventListener<E>> };

/** Sends each event to its listeners and to the logger. Neither can break what reports. */
export function createEventHub(logger: Logger): EventHub {
  const listeners: Listeners = {};
  // What a listener threw may hold anything: only its name is logged.
  const tell = (error: unknown): void =>
    logQuietly(logger, error instanceof Error ? error.name : typeof error);
  const safely = (call: () => unknown): void => {
    try {
      const outcome = call();
      // An async listener fits as well; nobody else would hear of its rejection but the process, which would end.
      if (outcome instanceof Promise) outcome.catch(tell);
    } catch (error) {
      tell(error);
    }
  };
  return {
    emit(name, event) {
      safely(() => logger[levels[name]]?.(`bitbucket-auth: ${name}`, event));
      const receivers: Iterable<(event: BitbucketAuthEvents[typeof name]) => void> = listeners[name] ?? [];
      for (const listener of receivers) safely(() => listener(event));
    },
    on(name, listener) {
      const known: Set<EventListener<typeof name>> = listeners[name] ?? new Set();
      Object.assign(listeners, { [name]: known.add(listener) });
      return () => void known.delete(listener);
    },
  };
}

function logQuietly(logger: Logger, name: string): void {
  try {
    logger.error?.(`bitbucket-auth: a listener or logger threw (${name})`);
  } catch {
    // The logger itself is what throws: there is nobody left to tell.
  }
}
