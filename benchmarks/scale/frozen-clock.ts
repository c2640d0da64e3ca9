import type { Clock } from "@bitbucket-auth/core";

/** Time that stands still until a fake's clock on top of it is moved. */
export const frozenClock: Clock = { now: () => Date.UTC(2026, 10, 2) };
