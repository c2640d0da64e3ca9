import { coreFlow } from "./core-flow.ts";
import { runSteps } from "./run-steps.ts";

/** A worker that answers with the verdict. A page can call it as well. */
const worker: { fetch(): Promise<Response> } = {
  fetch: async () => Response.json(await runSteps(coreFlow())),
};

export default worker;
