import { isBitbucketAuthError, type Lease, type TokenStorage } from "@bitbucket-auth/core";
import { createFileStorage } from "@bitbucket-auth/storage-file";

// Runs in a process of its own, on the built package, as a user's program would.

const storage = createFileStorage({ directory: process.argv[2] ?? "", appName: "worker" });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const counted = (content: Uint8Array): number => Number(new TextDecoder().decode(content).split(" ")[0]);
let lease: Lease | null = null;

const actions = {
  /** Adds a mark of its own, `times` times. */
  async increment(times: number): Promise<void> {
    for (let nth = 0; nth < times; nth += 1)
      while (!(await addMark(storage, `${process.pid}-${nth}`))) continue;
  },

  /** Writes for ever, and tells each write that was answered. Sizes change, so that a torn file cannot look whole. */
  async writeForEver(): Promise<void> {
    for (;;) {
      const entry = await storage.get("k");
      const next = (entry ? counted(entry.bytes) : 0) + 1;
      const content = bytes(`${next} ${"x".repeat(1 + ((next * 977) % 9_000))}`);
      const result = await storage.compareAndSwap("k", entry?.version ?? null, content, {
        version: `v${next}`,
      });
      if (!result.ok) throw new Error("no other process writes here");
      process.send?.({ wrote: next });
    }
  },

  async lease(owner: string, ttlMs: number): Promise<number | null> {
    lease = await storage.tryLease("k", { owner, ttlMs });
    return lease?.fence ?? null;
  },
  renew: async (ttlMs: number): Promise<boolean | null> => (await lease?.renew(ttlMs)) ?? null,
  release: async (): Promise<void> => lease?.release(),

  /** The id of the encryption key and a little of the key itself. */
  async key(): Promise<string> {
    const keys = await storage.ownKeys?.();
    return `${keys?.current} ${keys?.keys[keys.current]?.slice(0, 4).join()}`;
  },
};

/** One attempt. A write of which nothing is known is settled by reading back; one that was answered is not looked at again. */
async function addMark({ get, compareAndSwap }: TokenStorage, mark: string): Promise<boolean> {
  const entry = await get("k");
  const marks = entry ? new TextDecoder().decode(entry.bytes).split(" ") : [];
  if (marks.includes(mark)) return true;
  const next = bytes([...marks, mark].join(" "));
  const options = { version: crypto.randomUUID() };
  return compareAndSwap("k", entry?.version ?? null, next, options).then(
    ({ ok }) => ok,
    (error: unknown) => {
      if (isBitbucketAuthError(error) && error.action === "retry") return false;
      throw error;
    },
  );
}

export type Actions = typeof actions;

process.on("message", ({ id, name, args }: { id: number; name: keyof Actions; args: never[] }) => {
  const action = actions[name] as (...given: never[]) => Promise<unknown>;
  action(...args).then(
    (answer) => process.send?.({ id, answer: answer ?? null }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
process.send?.({ ready: true });
