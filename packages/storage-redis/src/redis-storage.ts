import { Buffer } from "node:buffer";
import process from "node:process";
import { InvalidOptionsError, StorageError, type OpOptions, type TokenStorage } from "@bitbucket-auth/core";
import { createChangeNotices } from "./change-notices.js";
import { warnAboutEviction, type RedisStorageWarning } from "./eviction-warning.js";
import { connectionOf, type RedisClient } from "./redis-client.js";
import { withinDeadline, type BoundedRun } from "./redis-deadline.js";
import { redisKeys } from "./redis-keys.js";
import { tryRedisLease, type RunScript } from "./redis-lease.js";
import { asCasResult, asEntry, asText } from "./redis-reply.js";
import { listRecords } from "./redis-scan.js";
import { buryRecord, readRecord, runScript, swapRecord } from "./redis-scripts.js";
import { waitForReplicas, type PersistOptions } from "./replica-wait.js";

/** Options of `createRedisStorage`. */
export interface RedisStorageOptions {
  /** Your client, connected. It stays yours: it is never closed here. */
  readonly client: RedisClient;
  /** What every key in Redis begins with. */
  readonly prefix?: string;
  /** Makes a write count as saved only when replicas have it too. Absent: when the primary has it. */
  readonly persist?: PersistOptions;
  /** Tells waiting processes of changes over a second connection, so that they need not poll. */
  readonly watch?: boolean;
  /** How long a call may take before it rejects, in milliseconds. */
  readonly deadlineMs?: number;
  /** Told once when this Redis may drop grants. Absent: a warning of the process. */
  readonly onWarning?: (warning: RedisStorageWarning) => void;
}

const tombstoneMs = 24 * 3_600_000;

/**
 * Keeps records in Redis or Valkey, for any number of processes on any number of hosts.
 *
 * Every call is one round trip to the primary. Leases lapse by the server's clock. A call that gets no answer is repeated
 * once, which is safe, and rejects with `StorageError` by the deadline; what was stored before is then intact.
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
    // Note: callers without types give nothing, or null.
  }: Partial<RedisStorageOptions> = options ?? {};
  const connection = connectionOf(client);
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
    return withinDeadline({ deadlineMs: bounds?.deadlineMs ?? deadlineMs, signal: bounds?.signal }, run);
  };
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
      return asEntry(
        connection.readsReplicas
          ? await run(readRecord, [record], [], bounds)
          : await bounded(bounds, (signal) => connection.to(record, signal)(["HMGET", record, "v", "d"])),
      );
    },

    async compareAndSwap(key, expected, bytes, { version, expireAt, ...bounds }) {
      const { record, channel } = keys.of(key);
      const args = [version, Buffer.from(bytes), key, expiry(expireAt), channelOf(channel)];
      return asCasResult(
        await save(swapRecord, [record], expected === null ? args : [...args, expected], bounds),
      );
    },

    async delete(key, { version = crypto.randomUUID(), ...bounds } = {}) {
      const { record, channel } = keys.of(key);
      const args = [version, String(tombstoneMs), channelOf(channel)];
      return asText(await save(buryRecord, [record], args, bounds)) === "1";
    },

    async tryLease(key, wanted) {
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
  const { waitReplicas, timeoutMs } = persist;
  const whole = Number.isSafeInteger(waitReplicas) && Number.isSafeInteger(timeoutMs);
  // Note: to WAIT, 0 ms means for ever.
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
  if (level === "warning") process.emitWarning(message, { type: "BitbucketAuthWarning", code });
}
