/** What a fake tells its listeners. Never carries a token. */
export interface MockEvent {
  readonly type: "token.issued" | "token.rotated" | "token.reused" | "family.revoked" | "request";
  /** Epoch milliseconds by the fake's clock. */
  readonly at: number;
  readonly clientId?: string;
  readonly grantId?: string;
  /** The generation that was issued, or the one that was presented. */
  readonly generation?: number;
  /** Of a `request`: its number in the log. */
  readonly request?: number;
}

export type EmitMockEvent = (event: MockEvent) => void;

/** Listeners by event type. */
export interface MockEvents {
  readonly emit: EmitMockEvent;
  /** Calls `listener` on each such event. Answers a function that stops it. */
  readonly on: (type: MockEvent["type"], listener: (event: MockEvent) => void) => () => void;
}

export function createMockEvents(): MockEvents {
  const subscriptions = new Set<{ type: MockEvent["type"]; listener: (event: MockEvent) => void }>();
  return {
    emit(event) {
      for (const { type, listener } of subscriptions) if (type === event.type) listener(event);
    },
    on(type, listener) {
      const subscription = { type, listener };
      subscriptions.add(subscription);
      return () => void subscriptions.delete(subscription);
    },
  };
}
