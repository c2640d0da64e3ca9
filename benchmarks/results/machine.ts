import { arch, cpus, release, totalmem, type } from "node:os";
import process from "node:process";

/** What a run was made on and when, in one line. */
export function describeRun(): string {
  const { length, 0: first } = cpus();
  const gigabytes = Math.round(totalmem() / 1024 ** 3);
  const date = new Date().toISOString().slice(0, 10);
  const processor = first?.model.trim() || arch();
  return `${date}, ${length} cores (${processor}), ${gigabytes} GB of memory, ${type()} ${release()}, Node ${process.version}`;
}
