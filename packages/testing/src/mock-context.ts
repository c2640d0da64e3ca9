import type { MockClock } from "./mock-clock.js";
import type { EmitMockEvent } from "./mock-events.js";
import type { MockState } from "./mock-state.js";
import type { Profile } from "./profiles.js";

/** What every endpoint of one fake shares. */
export interface MockContext {
  readonly profile: Profile;
  readonly clock: MockClock;
  readonly state: MockState;
  readonly emit: EmitMockEvent;
}
