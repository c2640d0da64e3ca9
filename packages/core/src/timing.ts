import { lazy } from "./text.js";

/** Calls back after `ms` milliseconds; what it returns calls that off. */
export type StartTimer = (ms: number, onTime: () => void) => () => void;

/** The longest a timer can be set for, in milliseconds: `setTimeout` fires at once past it. */
export const longestTimerMs = 2_147_483_647;

/** The machine's timer. */
export const startTimer: StartTimer = (ms, onTime) => {
  const timer = setTimeout(onTime, Math.min(ms, longestTimerMs));
  return () => clearTimeout(timer);
};

/** What core listens to when it waits; every `AbortSignal` is one. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A signal and the way to fire it. */
export interface StopSource {
  readonly signal: StopSignal;
  stop(reason: unknown): void;
}

/** A stop signal that needs no `AbortController`, for thousands of listeners at once. Fires once. */
export function createStopSource(): StopSource {
  const listeners = new Set<() => void>();
  let stopped: { readonly reason: unknown } | undefined;
  return {
    signal: {
      get aborted() {
        return stopped !== undefined;
      },
      get reason() {
        return stopped?.reason;
      },
      addEventListener: (_type, listener) => void listeners.add(listener),
      removeEventListener: (_type, listener) => void listeners.delete(listener),
    },
    stop(reason) {
      if (stopped) return;
      stopped = { reason };
      for (const listener of listeners) listener();
      listeners.clear();
    },
  };
}

/** What is to be called per signal: Node warns of a leak at the eleventh listener of an `AbortSignal`, so each gets one. */
const callsOf: WeakMap<StopSignal, { readonly calls: Set<() => void>; readonly listener: () => void }> =
  /* @__PURE__ */ new WeakMap();

function listen(signal: StopSignal, call: () => void): void {
  const known = callsOf.get(signal);
  if (known) return void known.calls.add(call);
  const calls = new Set([call]);
  const listener = (): void => {
    for (const each of calls) each();
  };
  callsOf.set(signal, { calls, listener });
  signal.addEventListener("abort", listener);
}

function leave(signal: StopSignal, call: () => void): void {
  const known = callsOf.get(signal);
  if (!known?.calls.delete(call) || known.calls.size > 0) return;
  callsOf.delete(signal);
  signal.removeEventListener("abort", known.listener);
}

/**
 * Calls back when one of the signals fires; what it returns calls that off. However many listen, a signal has one listener.
 *
 * Note: a `Set` holds for a while what was deleted from it, and a listener holds all that it works with: a whole API call, of
 * which there are thousands. So the signals get a function that can be emptied.
 */
export function onStop(signals: readonly (StopSignal | undefined)[], listener: () => void): () => void {
  let listening: (() => void) | undefined = listener;
  const hear = (): void => listening?.();
  for (const signal of signals) if (signal) listen(signal, hear);
  return () => {
    listening = undefined;
    for (const signal of signals) if (signal) leave(signal, hear);
  };
}

/**
 * A signal that fires with the first of these, for as long as it is in use: a body that still arrives can be aborted.
 *
 * `AbortSignal.any()` takes a signal of another realm (jsdom's, a polyfill's) and never hears it. Those are listened to, by a
 * listener that goes once the signal made here is no longer used.
 */
export function anySignal(signals: readonly AbortSignal[]): AbortSignal {
  if (signals.every(isOfThisRealm)) return AbortSignal.any([...signals]);
  const own = new AbortController();
  const unlessUnused = new WeakRef(own);
  const stops = signals.map((signal) => onStop([signal], () => unlessUnused.deref()?.abort(signal.reason)));
  unused().register(own, () => stops.forEach((stop) => stop()));
  // The signal holds its controller: by itself it would not.
  own.signal.addEventListener("abort", () => own.abort(), { once: true });
  const fired = signals.find(({ aborted }) => aborted);
  if (fired) own.abort(fired.reason);
  return own.signal;
}

const unused = /* @__PURE__ */ lazy(() => new FinalizationRegistry<() => void>((stop) => stop()));

/** Whether the platform's own reading of `aborted` works on it. */
function isOfThisRealm(signal: AbortSignal): boolean {
  try {
    return typeof Reflect.get(AbortSignal.prototype, "aborted", signal) === "boolean";
  } catch {
    return false;
  }
}

/** What ends a wait before its promise does. */
export interface Bounds<T> {
  /** In milliseconds. Absent: no limit. */
  readonly timeoutMs?: number | undefined;
  readonly startTimer?: StartTimer | undefined;
  /** What takes the place of the result when time is up: a value, or a further wait. May throw. */
  readonly onTimeout?: (() => T | Promise<T>) | undefined;
  readonly signals: readonly (StopSignal | undefined)[];
  /** What takes the place of the result when a signal fires. Absent: the wait rejects with the signal's reason. */
  readonly onStopped?: (() => T) | undefined;
  /** Called when time or a signal ended the wait. */
  readonly onCutShort?: (() => void) | undefined;
  /** Receives a result that came after the wait had ended. */
  readonly discard?: ((late: T) => void) | undefined;
}

/** The one place where core bounds a promise in time. Leaves no timer and no listener behind. */
export function bound<T>(work: () => T | Promise<T>, bounds: Bounds<T>): Promise<T> {
  // Note: this runs once per API call, and what it makes lives as long as the call. So it makes little.
  return new Promise((resolve, reject) => {
    const { signals, onTimeout, onStopped, onCutShort, discard } = bounds;
    const fired = (): StopSignal | undefined => signals.find((signal) => signal?.aborted);
    let isOver = false;
    let stopTimer: (() => void) | undefined;
    let stopListening: (() => void) | undefined;
    const end = (): boolean => {
      if (isOver) return false;
      isOver = true;
      stopTimer?.();
      stopListening?.();
      return true;
    };
    // The timer and the signals end it here. Which of them it was can be seen from the signals.
    const cutShort = (): void => {
      if (!end()) return;
      try {
        const signal = fired();
        const instead = signal ? onStopped : onTimeout;
        if (!instead) throw signal?.reason;
        resolve(instead());
      } catch (error) {
        reject(error);
      }
      onCutShort?.();
    };
    if (fired()) return cutShort();
    stopListening = onStop(signals, cutShort);
    if (bounds.timeoutMs !== undefined)
      stopTimer = (bounds.startTimer ?? startTimer)(bounds.timeoutMs, cutShort);
    try {
      Promise.resolve(work()).then(
        (value) => (end() ? resolve(value) : discard?.(value)),
        (error: unknown) => void (end() && reject(error)),
      );
    } catch (error) {
      end();
      reject(error);
    }
  });
}

const forever = (): Promise<never> => new Promise(() => undefined);

/** Waits `ms`, or less when a signal fires first: it then resolves early, so look at the signals afterwards. */
export function pause(ms: number, signals: readonly (StopSignal | undefined)[] = []): Promise<void> {
  return bound<void>(forever, {
    timeoutMs: ms,
    signals,
    onTimeout: () => undefined,
    onStopped: () => undefined,
  });
}

/** A signal that fires by itself. */
export interface Deadline<Signal extends StopSignal = AbortSignal> {
  readonly signal: Signal;
  cancel(): void;
}

/**
 * A stop signal that fires after `ms` unless cancelled, for waits that another request may end: on Workers the `AbortSignal` of
 * one request must not even be read from another.
 */
export function startWaitLimit(ms: number): Deadline<StopSignal> {
  const source = createStopSource();
  return { signal: source.signal, cancel: startTimer(ms, () => source.stop("over")) };
}

/** A signal that fires after `ms` unless cancelled: durations run on timers, so that a jumping clock cannot stretch them. */
export function startDeadline(ms: number): Deadline {
  const controller = new AbortController();
  return { signal: controller.signal, cancel: startTimer(ms, () => controller.abort()) };
}

/** A limit to a wait for something shared. */
export interface WaitLimit<T> {
  readonly timeoutMs: number;
  /** What takes the place of the result when time is up: a value, or a further wait. May throw. */
  readonly onTimeout: () => T | Promise<T>;
}

/** Waits for a shared promise on behalf of one caller: a signal or the limit frees that caller and leaves the promise alone. */
export function waitFor<T>(
  shared: Promise<T>,
  signals: readonly (StopSignal | undefined)[],
  limit?: WaitLimit<T>,
): Promise<T> {
  if (!limit && !signals.some(Boolean)) return shared;
  // Every caller may have left by the time it fails.
  shared.catch(() => undefined);
  return bound(() => shared, { ...limit, signals });
}

/** How long a piece of work may take, and what may end it earlier. */
export interface TimeLimit<T> {
  readonly timeoutMs: number;
  /** @default the machine's timer */
  readonly startTimer?: StartTimer | undefined;
  /** The caller's own signal. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the work as the caller's signal does, and has no hold on what comes after it. */
  readonly closing?: StopSignal | undefined;
  /** What takes the place of the result when time is up; may throw. */
  readonly onTimeout: () => T;
  /** Receives a result that came after the wait had ended. */
  readonly discard?: ((late: T) => void) | undefined;
}

/**
 * Runs work that must end in time, even when it ignores the signal it is given.
 *
 * Rejects with the caller's reason as soon as the caller aborts. The signal given to the work stays tied to the caller's
 * after the work is done, so that a body still arriving can be aborted.
 */
export function withinTime<T>(
  work: (signal: AbortSignal) => T | Promise<T>,
  { signal, closing, ...limit }: TimeLimit<T>,
): Promise<T> {
  const controller = new AbortController();
  return bound(
    () => work(signal === undefined ? controller.signal : anySignal([signal, controller.signal])),
    { ...limit, signals: [signal, closing], onCutShort: () => controller.abort() },
  );
}
