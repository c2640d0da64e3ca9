import { AssertionError } from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createMemoryStorage, type TokenStorage } from "@bitbucket-auth/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  appliesTo,
  describeStorageContract,
  storageContract,
  type StorageContractOptions,
} from "../src/storage-contract.ts";
import { brokenStorages } from "./storage-contract/broken-storages.ts";
import { createSharedMemory } from "./storage-contract/shared-memory.ts";

describeStorageContract("createMemoryStorage()", {
  runner: { describe, it, beforeEach, afterEach },
  create: () => createMemoryStorage(),
});

describe("two handles on one memory", () => {
  let open: ReturnType<typeof createSharedMemory>;
  describeStorageContract("createSharedMemory()", {
    runner: { describe, it, beforeEach, afterEach },
    create: () => {
      open = createSharedMemory();
      return open();
    },
    reopen: () => open(),
  });
});

describe("each contract case can fail", () => {
  it.each(storageContract)("$title", async (contractCase) => {
    const breakStorage = brokenStorages[contractCase.title];
    if (!breakStorage) throw new Error("No storage is broken on purpose for this case: add one.");
    const open = breakStorage();
    const storage = open();
    expect(appliesTo(contractCase, storage.caps)).toBe(true);
    await expect(contractCase.run(storage, async () => open())).rejects.toBeInstanceOf(AssertionError);
  });
});

describe("storageContract", () => {
  it("has a title of its own for each case", () => {
    const titles = storageContract.map(({ title }) => title);
    expect(titles).toHaveLength(new Set(titles).size);
  });

  it("has a case for every storage that is broken on purpose", () => {
    const titles = new Set(storageContract.map(({ title }) => title));
    expect(Object.keys(brokenStorages).filter((title) => !titles.has(title))).toEqual([]);
  });
});

describe("describeStorageContract()", () => {
  it("registers every case under its group", () => {
    const { titles } = register({
      create: () => createMemoryStorage(),
      reopen: () => createMemoryStorage(),
      reopenInProcess: async () => createMemoryStorage(),
    });
    expect(titles).toEqual(storageContract.map(({ group, title }) => `storage > ${group} > ${title}`));
  });

  it("passes a case that the caps make no promise about, untried", async () => {
    const memory = createMemoryStorage();
    const list = () => expect.unreachable();
    const { run } = register({ create: () => ({ ...memory, caps: { ...memory.caps, list: false }, list }) });
    await expect(run("every live key is listed once")).resolves.toBeUndefined();
  });

  it("names what is not proven when no second handle is given, and tries everything else", async () => {
    const { titles } = register({ create: createSharedMemory() });
    const alone = storageContract.filter(({ group }) => !group.startsWith("second"));
    expect(titles[0]).toContain("NOT PROVEN: what only a second handle can show");
    expect(titles[1]).toContain("NOT PROVEN: what only a second process can show");
    expect(titles.slice(2)).toEqual(alone.map(({ group, title }) => `storage > ${group} > ${title}`));
  });

  it("names what is not proven when no second process is given", async () => {
    const { titles } = register({ create: createSharedMemory(), reopen: createSharedMemory() });
    expect(titles.filter((title) => title.includes("NOT PROVEN"))).toHaveLength(1);
    expect(titles).toContain("storage > second handle > a write through another handle is a conflict");
  });

  it("opens the handle of a case about a second process in one", async () => {
    const opened: string[] = [];
    let open = createSharedMemory();
    const { run } = register({
      create: () => (open = createSharedMemory())(),
      reopen: () => (opened.push("handle"), open()),
      reopenInProcess: async () => (opened.push("process"), open()),
    });
    await run("8 writers of 10 increments in two processes lose none");
    await run("8 writers of 10 increments on two handles lose none");
    expect(opened).toEqual(["process", "handle"]);
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

it("shows in the guide the very storage that passes the contract", async () => {
  const guide = await readFile(new URL("../../../docs/guides/write-a-storage.md", import.meta.url), "utf8");
  const storage = await readFile(new URL("./storage-contract/sqlite-storage.ts", import.meta.url), "utf8");
  expect(guide).toContain(`\`\`\`ts\n${storage}\`\`\``);
});
