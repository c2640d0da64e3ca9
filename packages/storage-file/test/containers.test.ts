import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync } from "node:fs";
import { chmod, mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "./harness.ts";
import { entry, useStorage } from "./run-program.ts";

const isRoot = process.geteuid?.() === 0;
/** Root in a container may not be allowed to mount. */
const canMount = isRoot && canRun("unshare", "--mount", "true");
const worked = { written: true, renewed: true, listed: ["k"] };
const noWarnings = { warnings: [] };
const repository = fileURLToPath(new URL("../../..", import.meta.url));

function canRun(name: string, ...args: readonly string[]): boolean {
  return spawnSync(name, args).status === 0;
}

function command(name: string, ...args: readonly string[]): void {
  execFileSync(name, args);
}

/** Mounts an empty file system in memory until the test ends. */
function mountMemory(directory: string): { readonly makeReadOnly: () => void } {
  command("mount", "-t", "tmpfs", "-o", "mode=0700", "tmpfs", directory);
  onTestFinished(() => command("umount", directory));
  return { makeReadOnly: () => command("mount", "-o", "remount,ro", directory) };
}

const fixConfig = (...parts: readonly string[]) =>
  expect.objectContaining({
    action: "fix_config",
    message: expect.toSatisfy((message: string) => parts.every((part) => message.includes(part))),
  });

describe("on a read-only file system", () => {
  it.runIf(canMount)("a directory that cannot be made is named, and the mount that refuses", async () => {
    const mount = await temporaryDirectory();
    mountMemory(mount).makeReadOnly();
    const directory = join(mount, "a", "b");
    const { error } = await useStorage({ directory, keyDirectory: await temporaryDirectory() });
    expect(error).toEqual(fixConfig(`${join(mount, "a")} is missing`, `findmnt -T '${mount}'`, "EROFS"));
  });

  it.runIf(canMount)(
    "a key directory that cannot be made is named, not the directory of the records",
    async () => {
      const mount = await temporaryDirectory();
      mountMemory(mount).makeReadOnly();
      const { error } = await useStorage(
        { directory: await temporaryDirectory(), appName: "my-app" },
        { env: { XDG_CONFIG_HOME: mount } },
      );
      expect(error).toEqual(fixConfig(`${join(mount, "my-app")} is missing`, `findmnt -T '${mount}'`));
    },
  );

  it.runIf(canMount)("a directory that is there can be read", async () => {
    const mount = await temporaryDirectory();
    const { makeReadOnly } = mountMemory(mount);
    const options = { directory: join(mount, "records"), keyDirectory: join(mount, "key") };
    const before = await useStorage(options);
    makeReadOnly();
    const after = await useStorage(options);
    expect([before.key, after.found]).toEqual([expect.any(String), "kept"]);
    expect(after.error).toEqual(fixConfig("read-only file system", "EROFS"));
  });

  it("a directory that its parent does not let make is named", async () => {
    const parent = await temporaryDirectory();
    await chmod(parent, isRoot ? 0o755 : 0o500);
    const directory = join(parent, "records", "inner");
    const { error } = await useStorage(
      { directory },
      { env: { HOME: parent }, ...(isRoot && { user: { uid: 12_345, gid: 12_345 } }) },
    );
    expect(error).toEqual(fixConfig(`${join(parent, ".config")} is missing, and ${parent}`, "EACCES"));
  });
});

describe("without a home", () => {
  const user = { uid: 54_321, gid: 54_321 };

  it.runIf(isRoot)("a user who has none is asked for `directory`", async () => {
    expect((await useStorage({}, { user })).error).toEqual(
      expect.objectContaining({ code: "invalid_options", message: expect.stringContaining("`directory`") }),
    );
  });

  it.runIf(isRoot)("a storage that is told both places asks for none", async () => {
    const [directory, keyDirectory] = [await temporaryDirectory(), await temporaryDirectory()];
    for (const each of [directory, keyDirectory]) chownSync(each, user.uid, user.gid);
    expect(await useStorage({ directory, keyDirectory }, { user })).toMatchObject({
      ...worked,
      ...noWarnings,
    });
  });

  it("an empty HOME puts nothing into the working directory", async () => {
    const cwd = await temporaryDirectory();
    const records = await temporaryDirectory();
    const none = await useStorage({}, { cwd, env: { HOME: "" } });
    expect(none.error).toMatchObject({ code: "invalid_options" });
    const noKey = await useStorage({ directory: records }, { cwd, env: { HOME: "" } });
    expect(noKey.error).toEqual(fixConfig("`keyDirectory`", "XDG_CONFIG_HOME"));
    expect([await readdir(cwd), await readdir(records)]).toEqual([[], []]);
  });

  it.runIf(isRoot)("the root directory as HOME is not written to, and the message names it", async () => {
    const { error } = await useStorage({}, { env: { HOME: "/" }, user });
    expect(error).toEqual(fixConfig("/.config is missing, and / does not let this program make it (EACCES)"));
  });

  it("a relative directory stays where it was when the program goes elsewhere", async () => {
    const [cwd, elsewhere] = [await temporaryDirectory(), await temporaryDirectory()];
    const report = await useStorage(
      { directory: "records", keyDirectory: "key" },
      { cwd, changeTo: elsewhere },
    );
    expect(report).toMatchObject(worked);
    expect([(await readdir(cwd)).toSorted(), await readdir(elsewhere)]).toEqual([["key", "records"], []]);
  });
});

describe("on a volume whose group Kubernetes sets (fsGroup)", () => {
  const user = { uid: 12_345, gid: 12_345, groups: [23_456] };

  /** A volume as the kubelet mounts it: it belongs to root and the group, which may write, down to every file. */
  async function mountVolume(): Promise<{ readonly volume: string; readonly setGroup: () => Promise<void> }> {
    const volume = await temporaryDirectory();
    const setGroup = async (): Promise<void> => {
      command("chgrp", "-R", "23456", volume);
      command("chmod", "-R", "g+rwX", volume);
      command("find", volume, "-type", "d", "-exec", "chmod", "g+s", "{}", "+");
    };
    await setGroup();
    return { volume, setGroup };
  }

  const placesIn = (volume: string) => ({
    directory: join(volume, "records"),
    keyDirectory: join(volume, "key"),
  });

  it.runIf(isRoot)("`allowGroup` keeps working over every mount", async () => {
    const { volume, setGroup } = await mountVolume();
    const options = { ...placesIn(volume), allowGroup: true };
    const first = await useStorage(options, { user });
    await setGroup();
    const second = await useStorage(options, { user });
    await setGroup();
    const third = await useStorage(options, { user });
    expect(first).toMatchObject({ ...worked, ...noWarnings });
    for (const each of [second, third]) {
      expect(each).toMatchObject({ ...worked, ...noWarnings, found: "kept", key: first.key });
    }
  });

  it.runIf(isRoot)("`allowGroup` takes the root of the volume itself, which belongs to root", async () => {
    const { volume } = await mountVolume();
    const options = { directory: volume, keyDirectory: join(volume, "key"), allowGroup: true };
    expect(await useStorage(options, { user })).toMatchObject(worked);
  });

  it.runIf(isRoot)(
    "the root of a volume that it cannot take is refused with the advice to go below it",
    async () => {
      const { volume } = await mountVolume();
      const keyDirectory = join(volume, "key");
      await useStorage({ directory: join(volume, "records"), keyDirectory, allowGroup: true }, { user });
      chmodSync(volume, 0o2777);
      for (const allowGroup of [false, true]) {
        const { error } = await useStorage({ directory: volume, keyDirectory, allowGroup }, { user });
        expect(error).toEqual(fixConfig(`${volume} `, "give a directory below it"));
      }
    },
  );

  it.runIf(isRoot)("without it one message holds the one command that closes everything", async () => {
    const { volume, setGroup } = await mountVolume();
    await useStorage(placesIn(volume), { user });
    await setGroup();
    const { error } = await useStorage(placesIn(volume), { user });
    expect(error).toEqual(fixConfig("fsGroupChangePolicy: OnRootMismatch", "allowGroup: true", "mode 2770"));
    const mending = /To fix it: (.*)$/.exec(error?.message ?? "")?.[1] ?? "";
    command("sh", "-c", mending);
    expect(await useStorage(placesIn(volume), { user })).toMatchObject({ ...worked, found: "kept" });
  });

  it.runIf(isRoot)("`allowGroup` accepts no other group, and nothing for all users", async () => {
    const { volume } = await mountVolume();
    const options = { ...placesIn(volume), allowGroup: true };
    await useStorage(options, { user });
    chmodSync(options.directory, 0o2771);
    expect((await useStorage(options, { user })).error).toEqual(fixConfig("open to other users", "chmod -R"));
    chmodSync(options.directory, 0o2770);
    chownSync(options.directory, user.uid, 34_567);
    expect((await useStorage(options, { user })).error).toEqual(fixConfig("open to group 34567"));
  });
});

describe("when the key file is lost and the records are not", () => {
  it("a new key is told, with the place it was made in and what to do", async () => {
    const [directory, keyDirectory] = [await temporaryDirectory(), join(await temporaryDirectory(), "key")];
    const first = await useStorage({ directory, keyDirectory });
    expect(first.warnings).toEqual([]);
    await rm(keyDirectory, { recursive: true });
    const second = await useStorage({ directory, keyDirectory });
    expect(second.key).not.toBe(first.key);
    expect(second.warnings).toEqual([
      expect.stringMatching(`${join(keyDirectory, "encryption-key.json")}.*restore it, or sign in again`),
    ]);
    expect((await useStorage({ directory, keyDirectory })).warnings).toEqual([]);
  });
});

describe("with the records on a device of their own", () => {
  it.runIf(canMount)("everything works, hard links included", async () => {
    const directory = await temporaryDirectory();
    const tokens = join(directory, "tokens");
    await mkdir(tokens);
    mountMemory(tokens);
    const options = { directory, keyDirectory: join(directory, "key") };
    expect(await useStorage(options)).toMatchObject({ ...worked, ...noWarnings });
    expect(await useStorage(options)).toMatchObject({ ...worked, found: "kept" });
  });
});

describe("under Node's permission model", () => {
  const permission =
    Number(process.versions.node.split(".")[0]) >= 22 ? "--permission" : "--experimental-permission";
  const allow = (...writable: readonly string[]) => [
    permission,
    `--allow-fs-read=${repository}`,
    `--allow-fs-read=${dirname(entry)}`,
    ...writable.flatMap((path) => [`--allow-fs-read=${path}`, `--allow-fs-write=${path}`]),
  ];

  it("works in the directories that are allowed", async () => {
    const parent = await temporaryDirectory();
    const options = { directory: join(parent, "records"), keyDirectory: join(parent, "key") };
    const settings = { node: allow(`${parent}/`) };
    const first = await useStorage(options, settings);
    expect(first).toMatchObject({ ...worked, ...noWarnings });
    expect(await useStorage(options, settings)).toMatchObject({ ...worked, found: "kept", key: first.key });
  });

  it("says with which options Node has to start, and works when it does", async () => {
    const parent = await temporaryDirectory();
    const options = { directory: join(parent, "records"), keyDirectory: join(parent, "key") };
    const { error } = await useStorage(options, { node: allow(join(parent, "key", "*")) });
    expect(error).toEqual(fixConfig(`--allow-fs-write='${join(parent, "records", "*")}'`));
    expect(existsSync(options.directory)).toBe(false);
    const both = [join(parent, "key", "*"), join(parent, "records", "*")];
    expect(await useStorage(options, { node: allow(...both) })).toMatchObject({ ...worked, ...noWarnings });
  });
});
