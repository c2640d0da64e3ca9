import { StorageError, type CasResult, type Lease, type TokenStorage } from "@bitbucket-auth/core";
import type { JsonFields } from "../remote/json-fields.js";
import { startChild, type MessagingChild } from "./child-process.js";

/**
 * Opens a storage in a process of its own and answers a handle on it: each call runs over there. For
 * `describeStorageContract({ reopenInProcess })`.
 *
 * The default export of `module` (a path or a `file:` URL) gets `argument` and answers the storage. Rejects when it does
 * not. The process ends with `close()`, and with this process. The handle does not watch.
 *
 * @example
 * reopenInProcess: () => openInProcess(new URL("./open-my-storage.js", import.meta.url), database)
 */
export async function openInProcess(module: URL | string, argument = ""): Promise<TokenStorage> {
  const child = startChild(new URL("./storage-main.js", import.meta.url));
  const call = createCalls(child);
  try {
    const opened = await call("open", { module: String(module), argument });
    return storageOver(child, call, opened.fields("caps"));
  } catch (error) {
    await child.kill();
    throw error;
  }
}

type Call = (name: string, given?: Readonly<Record<string, unknown>>) => Promise<JsonFields>;

function createCalls(child: MessagingChild): Call {
  const open = new Map<number, { answer(message: JsonFields): void; fail(error: Error): void }>();
  let calls = 0;
  let hasEnded = false;
  const ended = (): Error => new StorageError("The other process ended before it answered.");
  child.onMessage((message) => {
    const id = message.number("id");
    open.get(id)?.answer(message);
    open.delete(id);
  });
  void child.ended.then(() => {
    hasEnded = true;
    for (const call of open.values()) call.fail(ended());
  });
  return (name, given = {}) =>
    new Promise((resolve, reject) => {
      if (hasEnded) return reject(ended());
      const id = (calls += 1);
      open.set(id, {
        answer: (message) =>
          message.has("error") ? reject(readError(name, message.fields("error"))) : resolve(message),
        fail: reject,
      });
      child.send({ ...given, id, call: name });
    });
}

/** An error of the other process, as the same kind of error here. */
function readError(name: string, error: JsonFields): Error {
  const message = `${name}() in the other process: ${error.string("message")}`;
  return error.optional("code", (of) => of.string("code")) === "storage_failed"
    ? new StorageError(message)
    : new Error(message);
}

function storageOver(child: MessagingChild, call: Call, caps: JsonFields): TokenStorage {
  const maxBytes = caps.optional("maxBytes", (of) => of.number("maxBytes"));
  const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted ?? false;
  let ending: Promise<void> | undefined;
  return {
    caps: {
      lease: caps.oneOf("lease", ["process", "host", "distributed"]),
      list: caps.boolean("list"),
      durable: caps.boolean("durable"),
      watch: false,
      ...(maxBytes !== undefined && { maxBytes }),
    },
    async get(key, { signal, ...options } = {}) {
      const answer = await call("get", { key, options, aborted: isAborted(signal) });
      return answer.has("version")
        ? { version: answer.string("version"), bytes: fromBase64(answer.string("bytes")) }
        : null;
    },
    async compareAndSwap(key, expected, bytes, { signal, ...options }) {
      const content = toBase64(bytes);
      const given = { key, expected, bytes: content, options, aborted: isAborted(signal) };
      return readCasResult(await call("compareAndSwap", given));
    },
    async delete(key, { signal, ...options } = {}) {
      return (await call("delete", { key, options, aborted: isAborted(signal) })).boolean("wasLive");
    },
    async tryLease(key, { signal, ...options }): Promise<Lease | null> {
      const answer = await call("tryLease", { key, options, aborted: isAborted(signal) });
      if (!answer.has("lease")) return null;
      const lease = answer.number("lease");
      return {
        fence: answer.number("fence"),
        renew: async (ttlMs) => (await call("renew", { lease, ttlMs })).boolean("isOurs"),
        release: async () => void (await call("release", { lease })),
      };
    },
    async *list(prefix, { signal, ...options } = {}) {
      yield* (await call("list", { prefix, options, aborted: isAborted(signal) })).strings("keys");
    },
    close: () => (ending ??= call("close").then(() => child.kill())),
  };
}

function readCasResult(answer: JsonFields): CasResult {
  if (answer.boolean("ok")) return { ok: true };
  const deleted = answer.optional("deleted", (of) => of.boolean("deleted"));
  return {
    ok: false,
    current: answer.optional("current", (of) => of.string("current")) ?? null,
    ...(deleted !== undefined && { deleted }),
  };
}

/** Bytes as a message between processes carries them. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/** Bytes that came in a message. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "base64"));
}
