// Runs in a process of its own, on the built package: does each thing that a storage does once, and prints what came of it.
import type * as storageFile from "@bitbucket-auth/storage-file";
import { pathToFileURL } from "node:url";

const [options = "{}", entry = "", changeTo = ""] = process.argv.slice(2);
const { createFileStorage }: typeof storageFile = await import(
  entry === "" ? "@bitbucket-auth/storage-file" : pathToFileURL(entry).href
);

const report: Record<string, unknown> = {};
const warnings: string[] = [];
process.on("warning", ({ message }) => warnings.push(message));
try {
  const storage = createFileStorage(JSON.parse(options));
  if (changeTo !== "") process.chdir(changeTo);
  const keys = await storage.ownKeys?.();
  const found = await storage.get("k");
  report["found"] = found && new TextDecoder().decode(found.bytes);
  const bytes = new TextEncoder().encode("kept");
  const written = await storage.compareAndSwap("k", found?.version ?? null, bytes, {
    version: crypto.randomUUID(),
  });
  const lease = await storage.tryLease("k", { owner: "alice", ttlMs: 60_000 });
  const renewed = await lease?.renew(60_000);
  await lease?.release();
  const listed = await Array.fromAsync(storage.list?.("") ?? []);
  await storage.close();
  Object.assign(report, { key: keys?.current, written: written.ok, renewed, listed });
} catch (error) {
  const { name, code, action, message } = Object(error);
  report["error"] = { name, code, action, message };
}
// Note: a warning is emitted in the next turn.
await new Promise((resolve) => setImmediate(resolve));
process.stdout.write(`${JSON.stringify({ ...report, warnings })}\n`);
