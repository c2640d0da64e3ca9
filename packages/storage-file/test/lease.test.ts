import { spawnSync } from "node:child_process";
import { mkdir, readdir, utimes, writeFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Lease } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { createPlace } from "../src/atomic-file.ts";
import { nodeFileSystem, type FileSystem } from "../src/file-system.ts";
import {
  tryFileLease,
  type LeaseFiles,
  formatLeaseFile,
  currentProcess,
  leaseState,
  isGone,
} from "../src/lease.ts";
import { accessTo, temporaryDirectory } from "./harness.ts";
import { createHeldFileSystem } from "./held-file-system.ts";

const self = currentProcess();
const longMs = 600_000;

async function leaseFiles(directory: string, fs: FileSystem = nodeFileSystem): Promise<LeaseFiles> {
  await mkdir(join(directory, "entry"), { recursive: true, mode: 0o700 });
  return { place: createPlace(accessTo(fs), directory), directory: join(directory, "entry") };
}

const take = (files: LeaseFiles, owner: string, ttlMs = longMs) =>
  tryFileLease(files, { owner, ttlMs, self });

async function mustTake(files: LeaseFiles, owner: string): Promise<Lease> {
  const lease = await take(files, owner);
  if (!lease) throw new Error(`the lease was refused to ${owner}`);
  return lease;
}

/** Lets a lease lapse without waiting for it. */
const lapse = ({ directory }: LeaseFiles, { fence }: Lease) =>
  utimes(join(directory, `${fence}.lease`), 1, 1);

async function leaveLeaseOf(
  files: LeaseFiles,
  holder: { readonly pid: number; readonly host: string },
): Promise<void> {
  const path = join(files.directory, "1.lease");
  await writeFile(path, formatLeaseFile({ ...holder, owner: "absent" }), { mode: 0o600 });
  const inTenMinutes = Date.now() / 1000 + 600;
  await utimes(path, inTenMinutes, inTenMinutes);
}

describe("tryFileLease()", () => {
  it("leaves one file, numbered by the fence", async () => {
    const files = await leaseFiles(await temporaryDirectory());
    for (const owner of ["alice", "bob", "carol"]) await (await mustTake(files, owner)).release();
    expect(await readdir(files.directory)).toEqual(["3.lease"]);
  });

  it("gives the lease of a process that is gone to the next at once", async () => {
    const files = await leaseFiles(await temporaryDirectory());
    // No process has this pid: the kernel gives out no more than 2^22.
    await leaveLeaseOf(files, { pid: 2 ** 22 + 1, host: self.host });
    expect((await take(files, "bob"))?.fence).toBe(2);
  });

  it("waits for the lapse when the holder is on another host, whatever its pid", async () => {
    const files = await leaseFiles(await temporaryDirectory());
    await leaveLeaseOf(files, { pid: 2 ** 22 + 1, host: "elsewhere" });
    expect(await take(files, "bob")).toBeNull();
  });

  it("waits for the lapse when the file does not tell its holder", async () => {
    const files = await leaseFiles(await temporaryDirectory());
    await leaveLeaseOf(files, { pid: -1, host: self.host });
    expect(await take(files, "bob")).toBeNull();
    await utimes(join(files.directory, "1.lease"), 1, 1);
    expect((await take(files, "bob"))?.fence).toBe(2);
  });

  it("lets one of 8 handles take over, in 400 rounds", { timeout: 60_000 }, async () => {
    const directory = await temporaryDirectory();
    const first = await leaseFiles(directory);
    const others = await Promise.all(Array.from({ length: 7 }, () => leaseFiles(directory)));
    const handles = [first, ...others];
    let held = await mustTake(first, "absent");
    for (let round = 0; round < 400; round += 1) {
      await lapse(first, held);
      const answers = await Promise.all(handles.map((files, nth) => take(files, `${round}-${nth}`)));
      const holders = answers.filter((lease) => lease !== null);
      expect(holders).toHaveLength(1);
      held = holders[0]!;
    }
  });
});

it("a lease that lapses while its owner asks again is taken anew, not refused", async () => {
  const directory = await temporaryDirectory();
  const [files, asking] = [await leaseFiles(directory), createHeldFileSystem()];
  const askingFiles = await leaseFiles(directory, asking.fs);
  const lease = await mustTake(files, "alice");
  const reading = asking.hold("open", "after", /1\.lease$/);
  const again = take(askingFiles, "alice");
  await reading.reached;
  await lapse(files, lease);
  reading.letGo();
  expect((await again)?.fence).toBe(2);
});

describe("a takeover that meets a renewal", () => {
  it("withdraws when the holder renews between its look and its link", async () => {
    const directory = await temporaryDirectory();
    const [files, contender] = [await leaseFiles(directory), createHeldFileSystem()];
    const contenderFiles = await leaseFiles(directory, contender.fs);
    const lease = await mustTake(files, "alice");
    await lapse(files, lease);
    const link = contender.hold("link", "before", /\.lease$/);
    const takeover = take(contenderFiles, "bob");
    await link.reached;
    const inTenMinutes = Date.now() / 1000 + 600;
    await utimes(join(files.directory, "1.lease"), inTenMinutes, inTenMinutes);
    link.letGo();
    expect(await takeover).toBeNull();
    expect(await lease.renew(longMs)).toBe(true);
  });

  it("wins when the holder renews after the link, and the holder is told", async () => {
    const directory = await temporaryDirectory();
    const [holder, files] = [createHeldFileSystem(), await leaseFiles(directory)];
    const lease = await mustTake(await leaseFiles(directory, holder.fs), "alice");
    const renewing = holder.hold("utimes", "before", /1\.lease$/);
    const renewal = lease.renew(longMs);
    await renewing.reached;
    await lapse(files, lease);
    const taken = await mustTake(files, "bob");
    renewing.letGo();
    expect(await renewal).toBe(false);
    expect(await taken.renew(longMs)).toBe(true);
  });

  it(
    "never leaves both holding, at whichever step either of them is stopped",
    { timeout: 60_000 },
    async () => {
      const steps = ["readdir", "stat", "utimes", "link", "unlink"] as const;
      let [renewed, took] = [0, 0];
      for (const holderStep of steps) {
        for (const contenderStep of steps) {
          for (const moment of ["before", "after"] as const) {
            const directory = await temporaryDirectory();
            const [holder, contender] = [createHeldFileSystem(), createHeldFileSystem()];
            const lease = await mustTake(await leaseFiles(directory, holder.fs), "alice");
            const files = await leaseFiles(directory, contender.fs);
            const holderSleeps = holder.hold(holderStep, moment, /entry/);
            const contenderSleeps = contender.hold(contenderStep, moment, /entry/);

            const renewal = lease.renew(longMs);
            await Promise.race([holderSleeps.reached, renewal]);
            if (holderStep === "utimes" && moment === "before") await lapse(files, lease);
            const takeover = take(files, "bob");
            await Promise.race([contenderSleeps.reached, takeover]);
            holderSleeps.letGo();
            const isRenewed = await renewal;
            contenderSleeps.letGo();
            const isTaken = (await takeover) !== null;

            expect(isRenewed && isTaken).toBe(false);
            renewed += Number(isRenewed);
            took += Number(isTaken);
          }
        }
      }
      expect(renewed).toBeGreaterThan(0);
      expect(took).toBeGreaterThan(0);
    },
  );

  it("does not follow a takeover that was cut short with another one", async () => {
    const directory = await temporaryDirectory();
    const files = await leaseFiles(directory);
    await mustTake(files, "alice");
    // What a contender killed between its link and its withdrawal leaves behind.
    const path = join(files.directory, "2.lease");
    await writeFile(path, formatLeaseFile({ owner: "bob", pid: 2 ** 22 + 1, host: self.host }), {
      mode: 0o600,
    });
    const inTenMinutes = Date.now() / 1000 + 600;
    await utimes(path, inTenMinutes, inTenMinutes);
    expect(await take(files, "carol")).toBeNull();
  });
});

describe("a process that slept", () => {
  it("does not take a lease whose number was used and collected meanwhile", async () => {
    const directory = await temporaryDirectory();
    const [files, sleeper] = [await leaseFiles(directory), createHeldFileSystem()];
    const sleeperFiles = await leaseFiles(directory, sleeper.fs);
    await (await mustTake(files, "absent")).release();
    const link = sleeper.hold("link", "before", /\.lease$/);
    const late = take(sleeperFiles, "sleeper");
    await link.reached;
    await (await mustTake(files, "alice")).release();
    const held = await mustTake(files, "bob");
    expect(await readdir(files.directory)).toEqual(["3.lease"]);
    link.letGo();
    expect(await late).toBeNull();
    expect(await take(files, "carol")).toBeNull();
    expect(await held.renew(longMs)).toBe(true);
  });

  it("does not take the first lease of all when others came and went meanwhile", async () => {
    const directory = await temporaryDirectory();
    const [files, sleeper] = [await leaseFiles(directory), createHeldFileSystem()];
    const sleeperFiles = await leaseFiles(directory, sleeper.fs);
    const link = sleeper.hold("link", "before", /\.lease$/);
    const late = take(sleeperFiles, "sleeper");
    await link.reached;
    await (await mustTake(files, "alice")).release();
    const held = await mustTake(files, "bob");
    link.letGo();
    expect(await late).toBeNull();
    expect(await held.renew(longMs)).toBe(true);
  });

  it("does not get its lease back by renewing after the lapse", async () => {
    const files = await leaseFiles(await temporaryDirectory());
    const lease = await mustTake(files, "alice");
    await lapse(files, lease);
    expect(await lease.renew(longMs)).toBe(false);
  });

  it("does not bring a released lease back with a renewal on its way", async () => {
    const [directory, holder] = [await temporaryDirectory(), createHeldFileSystem()];
    const [files, holderFiles] = [await leaseFiles(directory), await leaseFiles(directory, holder.fs)];
    const lease = await mustTake(holderFiles, "alice");
    const renewing = holder.hold("utimes", "before", /1\.lease$/);
    const renewal = lease.renew(longMs);
    await renewing.reached;
    const release = lease.release();
    expect(await take(files, "bob")).toBeNull();
    renewing.letGo();
    await Promise.all([renewal, release]);
    expect((await take(files, "bob"))?.fence).toBe(2);
  });
});

/** What the state of a lease says of a file that was just made, and of the same file once it has its lapse. */
async function lapses(fs = nodeFileSystem): Promise<{ made: number; writtenAt: number; set?: number }> {
  const directory = await temporaryDirectory();
  const files = { place: createPlace(accessTo(fs), directory), directory };
  const path = join(directory, "1.lease");
  await writeFile(path, "{}", { mode: 0o600 });
  const { mtimeMs: writtenAt } = await stat(path);
  const made = await leaseState(files, 1);
  await utimes(path, 1_000, 1_000);
  const set = await leaseState(files, 1);
  return { made: made?.lapsesAt ?? 0, writtenAt, ...(set && { set: set.lapsesAt }) };
}

describe("leaseState()", () => {
  it("takes the time of the file for its lapse", async () => {
    const { made, writtenAt, set } = await lapses();
    expect([made, set]).toEqual([writtenAt, 1_000_000]);
  });

  it("gives a lease that is still being written, where there are no hard links, a second more", async () => {
    const link = () => Promise.reject(Object.assign(new Error("EPERM: link"), { code: "EPERM" }));
    const { made, writtenAt, set } = await lapses({ ...nodeFileSystem, link });
    expect([made, set]).toEqual([writtenAt + 1_000, 1_000_000]);
  });
});

const thisProcess = currentProcess();

describe("isGone()", () => {
  it("sees that a process lives, also one of another user", () => {
    expect(isGone(thisProcess, thisProcess)).toBe(false);
    expect(isGone({ ...thisProcess, pid: 1 }, thisProcess)).toBe(false);
  });

  it("sees that a process has ended", () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    expect(isGone({ ...thisProcess, pid }, thisProcess)).toBe(true);
  });

  it("cannot tell of a process elsewhere, and says that it may live", () => {
    expect(isGone({ pid: 2 ** 22 + 1, host: "elsewhere" }, thisProcess)).toBe(false);
  });
});

it("tells apart hosts, boots and namespaces of pids", () => {
  expect(currentProcess()).toEqual({ pid: process.pid, host: thisProcess.host });
  expect(thisProcess.host.split(" ")).toHaveLength(3);
});
