import { mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createPlace, publishDraft, withDraft, once } from "../src/atomic-file.ts";
import { openFileStorage } from "../src/file-storage.ts";
import { nodeFileSystem, type FileSystem } from "../src/file-system.ts";
import { entryDirectoryName } from "../src/paths.ts";
import type { FileStorageWarning } from "../src/warning.ts";
import { accessTo, surroundingsIn, temporaryDirectory } from "./harness.ts";
import { createHeldFileSystem } from "./held-file-system.ts";
import { refusingLinks } from "./without-links.ts";

const withoutLinks = refusingLinks("EPERM");

describe.each([
  ["with hard links", nodeFileSystem],
  ["without hard links", withoutLinks],
])("publishDraft() %s", (_name, fs) => {
  it("gives the file its name once", async () => {
    const directory = await temporaryDirectory();
    const place = createPlace(accessTo(fs), directory);
    const publish = (content: string) =>
      withDraft(place, { content, durable: true }, (draft) =>
        publishDraft(place, draft, join(directory, "name")),
      );
    expect(await publish("first")).toBe(true);
    expect(await publish("second")).toBe(false);
    expect(await readFile(join(directory, "name"), "utf8")).toBe("first");
    expect((await stat(join(directory, "name"))).mode & 0o777).toBe(0o600);
    expect(await readdir(place.drafts)).toEqual([]);
  });

  it("leaves no draft behind when its use fails", async () => {
    const place = createPlace(accessTo(fs), await temporaryDirectory());
    const failing = withDraft(place, { content: "", durable: false }, () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(await readdir(place.drafts)).toEqual([]);
  });
});

describe("createPlace()", () => {
  // EISDIR: exFAT on Windows. EACCES: Android. EXDEV: a mount between. ERR_ACCESS_DENIED: Node's permission model. @see https://github.com/nodejs/node/issues/65817
  it.each(["EPERM", "ENOTSUP", "EISDIR", "EACCES", "EXDEV", "ERR_ACCESS_DENIED"])(
    "sees that there are no hard links by %s",
    async (code) => {
      const place = createPlace(accessTo(refusingLinks(code)), await temporaryDirectory());
      expect(await place.hasLinks()).toBe(false);
    },
  );

  it("clears away drafts that a killed process left, and no others", async () => {
    const directory = await temporaryDirectory();
    const drafts = join(directory, ".drafts");
    await mkdir(drafts, { mode: 0o700 });
    await writeFile(join(drafts, "old"), "", { mode: 0o600 });
    await writeFile(join(drafts, "new"), "", { mode: 0o600 });
    const twoMinutesAgo = Date.now() / 1000 - 120;
    await utimes(join(drafts, "old"), twoMinutesAgo, twoMinutesAgo);
    await createPlace(accessTo(), directory).hasLinks();
    expect(await readdir(drafts)).toEqual(["new"]);
  });
});

// That it keeps the contract of a storage, the long suite shows.
describe("a file system without hard links", () => {
  let directory: string;
  const open = () =>
    openFileStorage({ directory, logging: false }, surroundingsIn(directory, { fs: withoutLinks }));

  it("is told about once", async () => {
    directory = await temporaryDirectory();
    const warnings: FileStorageWarning[] = [];
    const options = { directory, onWarning: (warning: FileStorageWarning) => warnings.push(warning) };
    const storage = openFileStorage(options, surroundingsIn(directory, { fs: withoutLinks }));
    await storage.tryLease("k", { owner: "alice", ttlMs: 1_000 });
    await storage.delete("k");
    expect(warnings).toEqual([
      expect.objectContaining({ code: "no_hard_links", path: join(directory, "tokens") }),
    ]);
  });

  it("lets a reader wait for a file that is still being written", async () => {
    directory = await temporaryDirectory();
    const [writerHeld, readerHeld] = [createHeldFileSystem(withoutLinks), createHeldFileSystem(withoutLinks)];
    const [writer, reader] = [writerHeld, readerHeld].map(({ fs }) =>
      openFileStorage({ directory, logging: false }, surroundingsIn(directory, { fs })),
    );
    await writer?.compareAndSwap("k", null, new Uint8Array([1]), { version: "v1" });
    const opening = writerHeld.hold("open", "after", /2\.json$/);
    const writing = writer?.compareAndSwap("k", "v1", new Uint8Array([2]), { version: "v2" });
    await opening.reached;
    const meeting = readerHeld.hold("open", "after", /2\.json$/);
    const reading = reader?.get("k");
    await meeting.reached;
    const lookingAgain = readerHeld.hold("readdir", "before", /tokens/);
    meeting.letGo();
    await lookingAgain.reached;
    lookingAgain.letGo();
    opening.letGo();
    expect(await writing).toEqual({ ok: true });
    expect((await reading)?.version).toBe("v2");
  });

  it("takes back what a full disk lets it write by half", async () => {
    directory = await temporaryDirectory();
    await open().compareAndSwap("k", null, new Uint8Array([1]), { version: "v1" });
    const entry = join(directory, "tokens", entryDirectoryName("k"));
    const full: FileSystem = {
      ...withoutLinks,
      async open(path, flags, mode) {
        const handle = await nodeFileSystem.open(path, flags, mode);
        const isTarget = String(path).startsWith(entry) && flags === "wx";
        if (isTarget) {
          handle.sync = () => Promise.reject(Object.assign(new Error("ENOSPC: sync"), { code: "ENOSPC" }));
        }
        return handle;
      },
    };
    const storage = openFileStorage({ directory, logging: false }, surroundingsIn(directory, { fs: full }));
    const writing = storage.compareAndSwap("k", "v1", new Uint8Array([2]), { version: "v2" });
    await expect(writing).rejects.toMatchObject({ action: "fix_config" });
    expect(await readdir(entry)).toEqual(["1.json"]);
  });

  it("takes a torn file for damaged when no process writes it any more", async () => {
    directory = await temporaryDirectory();
    const storage = open();
    await storage.compareAndSwap("k", null, new Uint8Array([1]), { version: "v1" });
    const torn = join(directory, "tokens", entryDirectoryName("k"), "2.json");
    await writeFile(torn, "{", { mode: 0o600 });
    const aMinuteAgo = Date.now() / 1000 - 60;
    await utimes(torn, aMinuteAgo, aMinuteAgo);
    expect((await storage.get("k"))?.version).toBe("v1");
  });
});

it("asks once for all callers, and again after a refusal", async () => {
  let asked = 0;
  const answer = once(async () => {
    asked += 1;
    if (asked === 1) throw new Error("not yet");
    return asked;
  });
  await expect(Promise.all([answer.get(), answer.get()])).rejects.toThrow("not yet");
  expect(await Promise.all([answer.get(), answer.get(), answer.get()])).toEqual([2, 2, 2]);
});
