import { Buffer } from "node:buffer";
import { InvalidOptionsError, StorageError, type OpOptions, type TokenStorage } from "@bitbucket-auth/core";
import { assertOptions } from "@bitbucket-auth/core/internal";
import { createChangeNotices } from "./change-notices.js";
import { clientState } from "./client-state.js";
import { warnAboutEviction, type RedisStorageWarning } from "./eviction-warning.js";
import { connectionOf, type RedisClient } from "./redis-client.js";
import { createBoundedReads, withinDeadline, type BoundedRun } from "./redis-deadline.js";
import { assertText, redisKeys } from "./redis-keys.js";
import { tryRedisLease, type RunScript } from "./redis-lease.js";
import { asCasResult, asEntry, asText } from "./redis-reply.js";
import { listRecords } from "./redis-scan.js";
import { buryRecord, readRecord, runScript, swapRecord } from "./redis-scripts.js";
import { waitForReplicas, type PersistOptions } from "./replica-wait.js";

/** Options of `createRedisStorage`. */
export interface RedisStorageOptions {
  /** Your client, connected. It stays yours: it is never closed here. */
  readonly client: RedisClient;
  /** What every key in Redis begins with; no braces. @default "bb" */
  readonly prefix?: string;
  /** Makes a write count as saved only when replicas have it too. Absent: when the primary has it. */
  readonly persist?: PersistOptions;
  /** Publishes changes to waiting processes over a second connection, so that they need not poll. @default false */
  readonly watch?: boolean;
  /** How long a call may take before it rejects, in milliseconds. @default 2_000 */
  readonly deadlineMs?: number;
  /** Called once when this Redis may drop grants. Absent: a process warning. */
  readonly onWarning?: (warning: RedisStorageWarning) => void;
}

const tombstoneMs = 24 * 3_600_000;

/**
 * Keeps records in Redis or Valkey, for any number of processes on any number of hosts.
 *
 * Every call is one round trip to the primary. Leases lapse by the server's clock. A call without a reply is repeated
 * once, which is safe, and rejects with `StorageError` by the deadline; it is then not known whether it was executed.
 *
 * Throws `InvalidOptionsError` for a client that it does not know, and for options that it does not know or cannot use.
 *
 * @example
 * const client = await createClient({ url: process.env.REDIS_URL }).connect();
 * const storage = createRedisStorage({ client });
 */
export function createRedisStorage(options: RedisStorageOptions): TokenStorage {
  const {
    client,
    prefix = "bb",
    persist,
    watch = false,
    deadlineMs = 2_000,
    onWarning = warnProcess,
    // Callers without types pass undefined or null.
  }: Partial<RedisStorageOptions> = options ?? {};
  const connection = connectionOf(client);
  assertOptions(options, "createRedisStorage()", [
    "client",
    "prefix",
    "persist",
    "watch",
    "deadlineMs",
    "onWarning",
  ]);
  const state = clientState(client);
  const keys = redisKeys(prefix, connection.keyPrefix);
  checkTimes(deadlineMs, persist);
  if (watch && !connection.openSubscriber) {
    throw new InvalidOptionsError(
      "`watch` needs a client that can be duplicated: no pool, and no Sentinel client of node-redis 5.",
    );
  }
  const notices =
    watch && connection.openSubscriber ? createChangeNotices(connection.openSubscriber) : undefined;
  const channelOf = (channel: string): string => (notices ? channel : "");
  let closed = false;
  let checked = false;

  const bounded = async <T>(bounds: OpOptions | undefined, run: BoundedRun<T>): Promise<T> => {
    if (closed)
      throw new StorageError("This Redis storage was closed. Create a new one.", { action: "fix_config" });
    return withinDeadline(
      { deadlineMs: bounds?.deadlineMs ?? deadlineMs, signal: bounds?.signal, state },
      run,
    );
  };
  const reads = createBoundedReads({ deadlineMs, state });
  const run: RunScript = (script, names, args, bounds) =>
    bounded(bounds, (signal, isRepeat) =>
      runScript(connection.to(names[0], signal), script, names, args, isRepeat),
    );
  const save: RunScript = async (script, names, args, bounds) => {
    const reply = persist
      ? await bounded(bounds, (signal, isRepeat) =>
          connection.pinned(names[0], signal, async (send) => {
            const answer = await runScript(send, script, names, args, isRepeat);
            await waitForReplicas(send, persist);
            return answer;
          }),
        )
      : await run(script, names, args, bounds);
    if (!checked) {
      checked = true;
      warnAboutEviction(connection, onWarning).catch(() => undefined);
    }
    return reply;
  };

  return {
    caps: { lease: "distributed", watch, list: true, durable: true },

    async get(key, bounds) {
      const { record } = keys.of(key);
      if (connection.readsReplicas) return asEntry(await run(readRecord, [record], [], bounds));
      const send = (signal?: AbortSignal): Promise<unknown> =>
        connection.to(record, signal)(["HMGET", record, "v", "d"]);
      const isPlain = bounds?.signal === undefined && bounds?.deadlineMs === undefined;
      // Without a connection a command waits in the client, so it must be one that can be withdrawn.
      const isQuick = isPlain && !closed && state() === "";
      return asEntry(isQuick ? await reads(send) : await bounded(bounds, send));
    },

    async compareAndSwap(key, expected, bytes, { version, expireAt, ...bounds }) {
      assertText("version", version);
      const { record, channel } = keys.of(key);
      const args = [version, Buffer.from(bytes), key, expiry(expireAt), channelOf(channel)];
      return asCasResult(
        await save(swapRecord, [record], expected === null ? args : [...args, expected], bounds),
      );
    },

    async delete(key, { version = crypto.randomUUID(), ...bounds } = {}) {
      assertText("version", version);
      const { record, channel } = keys.of(key);
      const args = [version, String(tombstoneMs), channelOf(channel)];
      return asText(await save(buryRecord, [record], args, bounds)) === "1";
    },

    async tryLease(key, wanted) {
      assertText("owner", wanted.owner);
      const names = keys.of(key);
      return tryRedisLease(run, names, channelOf(names.channel), wanted);
    },

    list: (start, bounds) => listRecords(connection, keys, start, (send) => bounded(bounds, send)),

    ...(notices && {
      watch: (key: string, onChange: () => void) => notices.listen(keys.of(key).channel, onChange),
    }),

    async close() {
      closed = true;
      await notices?.close();
    },
  };
}

function checkTimes(deadlineMs: number, persist: PersistOptions | undefined): void {
  if (!(deadlineMs > 0)) throw new InvalidOptionsError("`deadlineMs` must be more than 0.");
  if (!persist) return;
  assertOptions(persist, "`persist`", ["waitReplicas", "timeoutMs"]);
  const { waitReplicas, timeoutMs } = persist;
  const whole = Number.isSafeInteger(waitReplicas) && Number.isSafeInteger(timeoutMs);
  // To WAIT, 0 ms means no limit.
  if (whole && waitReplicas > 0 && timeoutMs > 0 && timeoutMs < deadlineMs / 2) return;
  throw new InvalidOptionsError(
    "`persist` needs whole numbers above 0, and `timeoutMs` below half of `deadlineMs`.",
  );
}

/** As PEXPIREAT reads it; nothing when the time is too far away to matter. */
function expiry(expireAt = Number.POSITIVE_INFINITY): string {
  const at = Math.ceil(expireAt);
  return Number.isSafeInteger(at) ? String(at) : "";
}

function warnProcess({ code, level, message }: RedisStorageWarning): void {
  // Note: the global one, because importing `node:process` opens the standard streams.
  if (level === "warning") process.emitWarning(message, { type: "BitbucketAuthWarning", code });
}
