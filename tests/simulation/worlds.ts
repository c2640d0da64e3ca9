import { everything, fairWeather, roughStorage, wrongClocks } from "./mishaps.ts";
import type { SimulationOptions } from "./world.ts";

/** The worlds that are simulated: what breaks in them, and how much the server forgives. */
export const worlds = {
  "nothing breaks and nothing is forgiven": { profile: { base: "strict" }, mishaps: fairWeather },
  "the storage fails, lies and is gone for a while": { profile: { base: "strict" }, mishaps: roughStorage },
  "clocks are hours off": { profile: { base: "strict" }, mishaps: wrongClocks },
  "everything breaks, all siblings live": {
    profile: { base: "cloud-2026", siblings: "all-live" },
    mishaps: everything,
  },
  "everything breaks, the last sibling lives": {
    profile: { base: "cloud-2026", siblings: "last-live" },
    mishaps: everything,
  },
} satisfies Record<string, SimulationOptions>;
