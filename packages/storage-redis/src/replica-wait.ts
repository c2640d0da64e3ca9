import { StorageError } from "@bitbucket-auth/core";
import type { Send } from "./redis-connection.js";

/** How many replicas must have a write before it counts as saved. */
export interface PersistOptions {
  readonly waitReplicas: number;
  /** How long to wait for them, in milliseconds: less than half of `deadlineMs`. */
  readonly timeoutMs: number;
}

/** Waits until replicas have what was sent over this connection so far. Rejects when too few of them do in time. */
export async function waitForReplicas(
  send: Send,
  { waitReplicas, timeoutMs }: PersistOptions,
): Promise<void> {
  const confirmed = Number(String(await send(["WAIT", String(waitReplicas), String(timeoutMs)])));
  if (confirmed >= waitReplicas) return;
  throw new StorageError(
    `Redis has it, but ${confirmed} of ${waitReplicas} replicas confirmed it within ${timeoutMs} ms. Check the replication; the same write may be repeated.`,
  );
}
