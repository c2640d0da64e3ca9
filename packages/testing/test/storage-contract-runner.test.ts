import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createMemoryStorage, type TokenStorage } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import {
  describeStorageContract,
  storageContract,
  type StorageContractOptions,
} from "../src/storage-contract.ts";
import { createSharedMemory } from "./storage-contract/shared-memory.ts";

describe("describeStorageContract()", () => {
  it("registers every case under its group", () => {
    const { titles } = register({ create: () => createMemoryStorage(), reopen: () => createMemoryStorage() });
    expect(titles).toEqual(storageContract.map(({ group, title }) => `storage > ${group} > ${title}`));
  });

  it("passes a case that the caps make no promise about, untried", async () => {
    const memory = createMemoryStorage();
    const list = () => expect.unreachable();
    const { run } = register({ create: () => ({ ...memory, caps: { ...memory.caps, list: false }, list }) });
    await expect(run("every live key is listed once")).resolves.toBeUndefined();
  });

  it("says aloud what is not proven when no second handle is given, and tries everything else", async () => {
    const { titles } = register({ create: createSharedMemory() });
    const alone = storageContract.filter(({ group }) => group !== "second handle");
    expect(titles[0]).toContain("NOT PROVEN");
    expect(titles.slice(1)).toEqual(alone.map(({ group, title }) => `storage > ${group} > ${title}`));
  });

  it("closes every handle before it destroys the data, also after a failure", async () => {
    const events: string[] = [];
    const open = createSharedMemory();
    const handle = (name: string): TokenStorage => ({
      ...open(),
      get: () => Promise.reject(new Error("down")),
      close: async () => void events.push(`closed ${name}`),
    });
    const { run } = register({
      create: () => handle("one"),
      reopen: () => handle("two"),
      destroy: () => void events.push("destroyed"),
    });
    await expect(run("a write is seen at once through another handle")).rejects.toThrow("down");
    expect(events).toEqual(["closed one", "closed two", "destroyed"]);
  });

  it("runs on node:test as well", async () => {
    const suite = fileURLToPath(new URL("./storage-contract/on-node-test.ts", import.meta.url));
    const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env;
    const { stdout } = await promisify(execFile)(process.execPath, ["--test-reporter=tap", suite], { env });
    expect(stdout).toContain(`# tests ${storageContract.length}\n`);
    expect(stdout).toContain(`# pass ${storageContract.length}\n`);
  }, 30_000);
});

/** A runner that keeps what was registered and runs one case when asked. */
function register(options: Omit<StorageContractOptions, "runner">) {
  const path: string[] = [];
  const bodies = new Map<string, () => Promise<void>>();
  let [before, after] = [async () => {}, async () => {}];
  const runner = {
    describe: (name: string, body: () => void) => {
      path.push(name);
      body();
      path.pop();
    },
    it: (title: string, body: () => Promise<void>) => bodies.set([...path, title].join(" > "), body),
    beforeEach: (body: () => Promise<void>) => (before = body),
    afterEach: (body: () => Promise<void>) => (after = body),
  };
  describeStorageContract("storage", { ...options, runner });
  const run = async (title: string): Promise<void> => {
    const body = [...bodies].find(([name]) => name.endsWith(` > ${title}`))?.[1];
    await before();
    try {
      await body?.();
    } finally {
      await after();
    }
  };
  return { titles: [...bodies.keys()], run };
}
