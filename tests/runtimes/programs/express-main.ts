import { expressFlow } from "./express-flow.ts";
import { runSteps } from "./run-steps.ts";

console.log(JSON.stringify(await runSteps(expressFlow())));
