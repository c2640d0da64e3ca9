export { runStorm, type StormMishaps, type StormRunOptions } from "./storm/run-storm.js";
export { startStorm, type AskOptions, type Storm, type StormOptions } from "./storm/start-storm.js";
export type { StormProfile } from "./storm/fake-process.js";
export type { CreateStormClient, StormClient, StormSetup } from "./storm/storm-client.js";
export { stormPoints, type StormPoint } from "./storm/storm-points.js";
export type { StormAnswers, StormResult } from "./storm/storm-tally.js";
export type { StormTrap } from "./storm/storm-trap.js";
