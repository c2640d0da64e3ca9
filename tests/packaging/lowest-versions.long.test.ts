import { execFile } from "node:child_process";
import { copyFile, cp, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { hasMariadb, startMariadb } from "@bitbucket-auth/database-servers/mariadb";
import { hasPostgres, startPostgres } from "@bitbucket-auth/database-servers/postgres";
import { packPackages, root, type PackedPackages } from "../consumers/packed-packages.ts";
import { plainEnvironment } from "../consumers/plain-environment.ts";
import { hasRedisServer, startRedisServer } from "../storm/redis-server.ts";
import { compile } from "./compile.ts";
import { installLowest } from "./install-lowest.ts";
import { linkFromWorkspace } from "./installed-alone.ts";
import { lowestConsumers } from "./lowest-consumers.ts";
import { refusingNode } from "./refusing-node.ts";

const run = promisify(execFile);

let packed: PackedPackages;
beforeAll(async () => {
  packed = await packPackages();
}, 300_000);

const consumers = (await lowestConsumers()).map((consumer) => {
  const beside = Object.entries(consumer.versions).map((pair) => pair.join(" "));
  return { ...consumer, beside: beside.join(", ") || "nothing but what it depends on" };
});

/** Programs that have to end well, by their arguments to Node. The testing kit is used by those who run tests. */
function programsOf(folder: string, versions: Readonly<Record<string, string>>): readonly string[][] {
  if (versions["express-session"] !== undefined) return [["app.ts"], ["app.ts", "express-session"]];
  if (folder !== "testing") return [["app.ts"]];
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "refresh.spec.ts", "msw.spec.ts"];
  const jest = ["--experimental-vm-modules", "node_modules/jest/bin/jest.js", "refresh.spec.js"];
  return versions["jest"] === undefined ? [vitest] : [vitest, [...jest, "--config", '{"transform":{}}']];
}

async function copyPrograms(folder: string, project: string): Promise<readonly string[]> {
  if (folder !== "testing") {
    const name = folder === "browser" ? "browser.ts" : `lowest-${folder}.ts`;
    await copyFile(fileURLToPath(new URL(`uses/${name}`, import.meta.url)), join(project, "app.ts"));
    return ["app.ts"];
  }
  for (const runner of ["vitest", "jest"]) {
    const from = fileURLToPath(new URL(`../consumers/${runner}/`, import.meta.url));
    await cp(from, project, { recursive: true, filter: (file) => !file.endsWith(".json") });
  }
  return ["refresh.spec.ts", "msw.spec.ts"];
}

/** Where the databases of this machine are, each of them started for one test. */
async function startDatabases(): Promise<Readonly<Record<string, string>>> {
  const started: Record<string, string> = {};
  if (hasPostgres) {
    const server = await startPostgres();
    onTestFinished(() => server.stop());
    started["POSTGRES_URL"] = server.url;
  }
  if (hasMariadb) {
    const server = await startMariadb();
    onTestFinished(() => server.stop());
    started["MARIADB"] = JSON.stringify(server.connection);
  }
  return started;
}

describe.each(consumers)("$folder, beside $beside", (consumer) => {
  const { folder, versions } = consumer;

  it.skipIf(folder === "storage-redis" && !hasRedisServer)("does its work, and compiles", async () => {
    // Note: outside the repository, or a package would find what it lacks.
    const directory = await realpath(await mkdtemp(join(tmpdir(), `lowest-${folder}-`)));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const project = join(directory, "project");
    const installed = await installLowest(project, consumer, packed.all);
    const refusing = await refusingNode(join(root, "packages", folder), project, installed);
    expect(consumer.isLowest ? refusing : []).toEqual([]);
    const files = await copyPrograms(folder, project);

    const env = { ...plainEnvironment(), NO_COLOR: "1" };
    if (folder === "storage-redis") {
      const server = await startRedisServer();
      onTestFinished(() => server.stop());
      Object.assign(env, { REDIS_SOCKET: server.path });
    }
    if (folder === "storage-sql") Object.assign(env, await startDatabases());
    for (const program of programsOf(folder, versions)) {
      // Note: the time only ends a program that would never end. It rejects with what the program printed.
      await run(process.execPath, program, { cwd: project, env, timeout: 300_000, killSignal: "SIGKILL" });
    }

    for (const types of ["@types/node", "@types/express", "@types/koa", "@types/pg"])
      await linkFromWorkspace(directory, types, "tests");
    const kind = { compiler: "TypeScript 5.9", resolution: "nodenext" } as const;
    const platform = folder === "browser" ? "a page" : "Node";
    expect(await compile(project, { ...kind, platform, files, skipLibCheck: true })).toBe("");
  });
});
