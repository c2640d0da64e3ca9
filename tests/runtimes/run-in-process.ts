import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { plainEnvironment } from "../consumers/plain-environment.ts";
import type { FlowName, FlowProject } from "./flow-project.ts";
import { readVerdict, type Verdict } from "./verdict.ts";

const run = promisify(execFile);

/** Runs a flow in a process of its own, with the arguments that the runtime wants before the program. */
export function runInProcess(argumentsFor: (flow: FlowName) => readonly string[]) {
  return async (executable: string, project: FlowProject, flow: FlowName): Promise<Verdict> => {
    const { stdout, stderr } = await run(executable, [...argumentsFor(flow), project.programOf(flow)], {
      cwd: project.directory,
      env: plainEnvironment(),
      timeout: 60_000,
    });
    if (stderr !== "") throw new Error(`It complained: ${stderr}`);
    return readVerdict(stdout);
  };
}
