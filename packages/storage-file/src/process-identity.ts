import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Who holds a lease, told well enough that others on the same host can see whether it is still alive. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Where the pid means something: host, boot and (in containers) the namespace of pids. */
  readonly host: string;
}

/** The identity of this process. */
export function currentProcess(): ProcessIdentity {
  const parts = [
    () => hostname(),
    () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    () => readlinkSync("/proc/self/ns/pid"),
  ];
  return { pid: process.pid, host: parts.map(readable).join(" ") };
}

/** Whether a process is certainly gone. `false` when it lives, and when it cannot be seen from here. */
export function isGone(other: ProcessIdentity, self: ProcessIdentity): boolean {
  if (other.host !== self.host) return false;
  try {
    // Note: signal 0 only asks. A process of another user answers EPERM, and so it is alive.
    process.kill(other.pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

/** Linux alone has these files; elsewhere the host's name has to do, and a reused pid is caught by the lapse. */
function readable(read: () => string): string {
  try {
    return read();
  } catch {
    return "-";
  }
}
