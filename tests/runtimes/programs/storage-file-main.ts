import { storageFileFlow } from "./storage-file-flow.ts";
import { runSteps } from "./run-steps.ts";

console.log(JSON.stringify(await runSteps(storageFileFlow())));
