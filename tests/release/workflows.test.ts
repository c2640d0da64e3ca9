import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  readonly "timeout-minutes"?: number;
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const directory = new URL("../../.github/workflows/", import.meta.url);
const workflows = readdirSync(directory).map((name) => {
  const text = readFileSync(new URL(name, directory), "utf8");
  return { name, text, workflow: parse(text) as Workflow };
});
const jobs = workflows.flatMap(({ name, workflow }) =>
  Object.entries(workflow.jobs).map(([job, content]) => ({ name: `${name}: ${job}`, job: content })),
);
const steps = jobs.flatMap(({ name, job }) => job.steps.map((step) => ({ name, step })));

function using(action: string): typeof steps {
  const found = steps.filter(({ step }) => step.uses?.startsWith(`${action}@`));
  expect(found).not.toEqual([]);
  return found;
}

describe("the workflows", () => {
  it("are those for every commit, for every night and for a release", () => {
    expect(workflows.map(({ name }) => name).toSorted()).toEqual(["ci.yml", "nightly.yml", "release.yml"]);
    expect(steps.length).toBeGreaterThan(20);
  });

  it("use each action at one commit, with its version beside it", () => {
    const used = workflows.flatMap(({ text }) => text.match(/\buses:.*$/gm) ?? []);
    expect(used).toHaveLength(steps.filter(({ step }) => step.uses !== undefined).length);
    expect(used.filter((line) => !/^uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });

  it("use one commit of an action everywhere", () => {
    const commits = new Map<string, Set<string>>();
    for (const { step } of steps) {
      const [action = "", commit = ""] = step.uses?.split("@") ?? [];
      const repository = action.split("/").slice(0, 2).join("/");
      commits.set(repository, (commits.get(repository) ?? new Set()).add(commit));
    }
    expect([...commits].filter(([, all]) => all.size > 1)).toEqual([]);
  });

  it("have no rights but those that a job states", () => {
    expect(workflows.map(({ workflow }) => workflow.permissions)).toEqual(workflows.map(() => ({})));
    expect(jobs.filter(({ job }) => job.permissions?.["contents"] === undefined)).toEqual([]);
  });

  it("let one job alone prove who it is, and few write", () => {
    const withRight = (right: string): readonly string[] =>
      jobs.filter(({ job }) => job.permissions?.[right] === "write").map(({ name }) => name);
    expect(withRight("id-token")).toEqual(["release.yml: publish"]);
    expect(withRight("contents")).toEqual([
      "release.yml: version",
      "release.yml: publish",
      "release.yml: attach",
    ]);
    expect(withRight("pull-requests")).toEqual(["release.yml: version"]);
  });

  it("run on no trigger that gives a fork's code our rights", () => {
    const events = Object.fromEntries(
      workflows.map(({ name, workflow }) => [name, Object.keys(workflow.on).toSorted()]),
    );
    expect(events).toEqual({
      "ci.yml": ["pull_request", "push"],
      "nightly.yml": ["schedule", "workflow_dispatch"],
      "release.yml": ["push"],
    });
  });

  it("put nothing into a shell by pasting it, and know no secret", () => {
    expect(steps.filter(({ step }) => step.run?.includes("${{"))).toEqual([]);
    expect(workflows.filter(({ text }) => /\bsecrets\b|NPM_TOKEN|NODE_AUTH_TOKEN/.test(text))).toEqual([]);
  });

  it("keep no credentials on disk", () => {
    const checkouts = using("actions/checkout");
    expect(checkouts.filter(({ step }) => step.with?.["persist-credentials"] !== false)).toEqual([]);
  });

  it("take nothing from a cache, and write no .npmrc that would hide the trusted publisher", () => {
    const nodes = using("actions/setup-node").map(({ step }) => step.with ?? {});
    expect(nodes.filter((options) => options["package-manager-cache"] !== false)).toEqual([]);
    expect(nodes.filter((options) => "cache" in options || "registry-url" in options)).toEqual([]);
    expect(steps.filter(({ step }) => step.uses?.startsWith("actions/cache"))).toEqual([]);
  });

  it("end each job some day", () => {
    expect(jobs.filter(({ job }) => job["timeout-minutes"] === undefined)).toEqual([]);
  });

  it("build nothing where a release is published: what was packed is what goes out", () => {
    const publish = workflows.find(({ name }) => name === "release.yml")?.workflow.jobs["publish"];
    expect(publish?.steps.flatMap(({ run }) => run ?? [])).toEqual(["pnpm install --frozen-lockfile"]);
  });
});
