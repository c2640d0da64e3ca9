import { coreFlow } from "./core-flow.ts";
import { runSteps } from "./run-steps.ts";

console.log(JSON.stringify(await runSteps(coreFlow())));
