import { createMemoryStorage, type TokenStorage } from "@bitbucket-auth/core";

/** Answers a function that opens handles on one memory, each closed on its own: a sound storage with a reach. */
export function createSharedMemory(): () => TokenStorage {
  const memory = createMemoryStorage();
  return () => ({ ...memory, caps: { ...memory.caps, lease: "host", durable: true }, close: async () => {} });
}
