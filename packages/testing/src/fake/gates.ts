import { checkedMatcher, matches, type MatchedRequest, type Matcher } from "./operation.js";

/** Where a held request stands: before anything changed, or when everything has but the answer. */
export type GatePhase = "before-commit" | "after-commit";

/** Every phase. At one that is none nothing would ever arrive. */
const gatePhases: readonly GatePhase[] = ["before-commit", "after-commit"];

/** Sets the order of concurrent requests: holds them at a point until the test lets them go, one by one. */
export interface Gates {
  /** From now on matching requests wait at `phase` until they are released. */
  hold(matcher: Matcher, phase: GatePhase): Gate;
}

/** Holds back the requests that match, so that a test decides who comes first. */
export interface Gate {
  /** Resolves when `count` requests in all have reached the gate. */
  arrived(count?: number): Promise<void>;
  /** Lets the first `count` waiting requests go, in their order; without a number, all of them, and the gate stays open. */
  release(count?: number): void;
}

/** The gates, as the exchange uses them. */
export interface GateKeeper extends Gates {
  pass(request: MatchedRequest, phase: GatePhase): Promise<void>;
  /** Opens every gate for good. */
  openAll(): void;
}

interface HeldGate {
  readonly matcher: Matcher;
  readonly phase: GatePhase;
  readonly waiting: (() => void)[];
  readonly onArrival: Set<() => void>;
  arrivals: number;
}

/** No gates yet. */
export function createGates(): GateKeeper {
  const held = new Set<HeldGate>();

  const open = (gate: HeldGate): void => {
    held.delete(gate);
    for (const go of gate.waiting.splice(0)) go();
  };
  return {
    hold(matcher, phase) {
      if (!gatePhases.includes(phase))
        throw new TypeError(`Not a phase: ${phase}. Known are ${gatePhases.join(", ")}.`);
      const gate: HeldGate = {
        matcher: checkedMatcher(matcher),
        phase,
        waiting: [],
        onArrival: new Set(),
        arrivals: 0,
      };
      held.add(gate);
      return {
        arrived: (count = 1) => arrival(gate, count),
        release(count) {
          if (count === undefined) open(gate);
          else for (const go of gate.waiting.splice(0, count)) go();
        },
      };
    },
    async pass(request, phase) {
      for (const gate of held) {
        if (gate.phase !== phase || !matches(gate.matcher, request)) continue;
        gate.arrivals += 1;
        const released = new Promise<void>((go) => gate.waiting.push(go));
        for (const notice of gate.onArrival) notice();
        await released;
      }
    },
    openAll() {
      for (const gate of held) open(gate);
    },
  };
}

function arrival(gate: HeldGate, count: number): Promise<void> {
  return new Promise((resolve) => {
    const notice = (): void => {
      if (gate.arrivals < count) return;
      gate.onArrival.delete(notice);
      resolve();
    };
    gate.onArrival.add(notice);
    notice();
  });
}
