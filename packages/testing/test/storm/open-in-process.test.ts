import { openInProcess } from "@bitbucket-auth/testing/storm";
import { expect, it } from "vitest";
import { inADirectory } from "./in-a-directory.ts";

const sqlite = new URL("../storage-contract/open-sqlite-storage.ts", import.meta.url);

it("openInProcess() answers with the caps and the calls of the storage over there", async () => {
  await inADirectory(async ({ file }) => {
    const storage = await openInProcess(sqlite, file);
    expect(storage.caps).toEqual({ lease: "host", list: true, durable: true, watch: false });
    const bytes = Uint8Array.of(0, 255);
    expect(await storage.compareAndSwap("k", null, bytes, { version: "v1" })).toEqual({ ok: true });
    expect(await storage.get("k")).toEqual({ version: "v1", bytes });
    const refused = { ok: false, current: "v1", deleted: false };
    expect(await storage.compareAndSwap("k", null, bytes, { version: "v2" })).toEqual(refused);
    const listed: string[] = [];
    for await (const key of storage.list?.("") ?? []) listed.push(key);
    expect(listed).toEqual(["k"]);
    await storage.close();
    await storage.close();
  });
});

it("openInProcess() rejects as the storage over there does, and once its process has ended", async () => {
  await inADirectory(async ({ file }) => {
    const storage = await openInProcess(sqlite, file);
    const { signal } = { signal: AbortSignal.abort() };
    await expect(storage.get("k", { signal })).rejects.toMatchObject({ code: "storage_failed" });
    await storage.close();
    await expect(storage.get("k")).rejects.toMatchObject({ code: "storage_failed" });
  });
});

it("openInProcess() rejects for a module that opens no storage", async () => {
  const module = new URL("./empty-worker.ts", import.meta.url);
  await expect(openInProcess(module)).rejects.toThrow("has no default export");
});
