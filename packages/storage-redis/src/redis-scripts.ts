import { hash } from "node:crypto";
import type { Send } from "./redis-connection.js";
import { isUnknownScript } from "./redis-failure.js";

/** A Lua script and the name Redis keeps it under. */
export interface RedisScript {
  readonly text: string;
  readonly sha: string;
}

/**
 * Runs a script in one round trip. A server that does not have it yet, or forgot it, is given the text. A repeat brings the
 * text along: the first try may run late, when its NOSCRIPT error is no longer read.
 *
 * Each script below may run twice without harm: what it has already done it reports as done.
 */
export async function runScript(
  send: Send,
  script: RedisScript,
  keys: readonly string[],
  args: readonly (string | Uint8Array)[],
  isRepeat = false,
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args];
  if (!isRepeat) {
    try {
      return await send(["EVALSHA", script.sha, ...rest]);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
    }
  }
  return send(["EVAL", script.text, ...rest]);
}

/** Its name is made on first use: hashing makes Node start OpenSSL, which an import need not wait for. */
const script = (text: string): RedisScript => {
  let sha: string | undefined;
  return {
    text,
    get sha() {
      return (sha ??= hash("sha1", text));
    },
  };
};

// A publish that is not allowed must not undo or fail what has been written before it, hence pcall.
const publish = (channel: string): string =>
  `if ${channel} ~= '' then redis.pcall('PUBLISH', ${channel}, '') end`;

/**
 * A record is a hash: `v` version, `d` data, `k` the storage key it belongs to. A tombstone has no `d` and no `k`. `t` is the
 * version of the last tombstone and `w` whether it took the place of a live entry: a repeated deletion answers as the first
 * did, and does not bury what was written since.
 *
 * A repeat writes too, though it changes nothing. WAIT asks replicas for the last write of its own connection, which may
 * be a new one; and a server that has become a replica refuses.
 *
 * Answers `[version, data]`.
 */
export const readRecord: RedisScript = script("return redis.call('HMGET', KEYS[1], 'v', 'd')");

/** ARGV: new version, data, storage key, expiry or '', channel or '', [expected version]. Answers 1 or `[version, live]`. */
export const swapRecord: RedisScript = script(`
local current = redis.call('HGET', KEYS[1], 'v')
local live = redis.call('HEXISTS', KEYS[1], 'd')
if current == ARGV[1] and live == 1 then
  redis.call('HSET', KEYS[1], 'v', current)
  return 1
end
if current ~= (ARGV[6] or false) or current == ARGV[1] then return { current, live } end
redis.call('HSET', KEYS[1], 'v', ARGV[1], 'd', ARGV[2], 'k', ARGV[3])
if ARGV[4] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIREAT', KEYS[1], ARGV[4]) end
${publish("ARGV[5]")}
return 1`);

/** ARGV: version of the tombstone, its life in ms, channel or ''. Answers 1 when it took the place of a live entry. */
export const buryRecord: RedisScript = script(`
local last = redis.call('HMGET', KEYS[1], 't', 'w')
if last[1] == ARGV[1] then
  redis.call('HSET', KEYS[1], 't', ARGV[1])
  return last[2]
end
local live = redis.call('HEXISTS', KEYS[1], 'd')
redis.call('HSET', KEYS[1], 'v', ARGV[1], 't', ARGV[1], 'w', live)
redis.call('HDEL', KEYS[1], 'd', 'k')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
${publish("ARGV[3]")}
return live`);

/**
 * A lease is a hash: `o` owner, `f` fence. KEYS: lease, fence. ARGV: owner, ms, life of the fence counter in ms.
 *
 * Returns the fence, or nil when another owner holds the lease. The counter starts at the server's clock in
 * microseconds, so that it still grows after it lapsed or was lost.
 *
 * PEXPIRE comes before there is a lease, too: where an ACL refuses it, no lease is left without an end. Not before SET,
 * which a full Redis refuses: a script that has written once is allowed to finish.
 */
export const takeLease: RedisScript = script(`
local held = redis.call('HMGET', KEYS[1], 'o', 'f')
if held[1] and held[1] ~= ARGV[1] then return false end
local fence = held[2]
if not fence then
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  fence = string.format('%.0f', math.max((tonumber(redis.call('GET', KEYS[2])) or 0) + 1, now))
  redis.call('SET', KEYS[2], fence, 'PX', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  redis.call('HSET', KEYS[1], 'o', ARGV[1], 'f', fence)
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return fence`);

const unlessOurs = `
local held = redis.call('HMGET', KEYS[1], 'o', 'f')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then return 0 end`;

/** ARGV: owner, fence, ms. Answers 1 when the lease was ours. */
export const renewLease: RedisScript = script(`${unlessOurs}
return redis.call('PEXPIRE', KEYS[1], ARGV[3])`);

/** ARGV: owner, fence, channel or ''. */
export const releaseLease: RedisScript = script(`${unlessOurs}
redis.call('DEL', KEYS[1])
${publish("ARGV[3]")}
return 1`);
