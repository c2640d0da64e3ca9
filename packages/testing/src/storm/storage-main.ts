import process from "node:process";
import { pathToFileURL } from "node:url";
import type { Lease, OpOptions, TokenStorage } from "@bitbucket-auth/core";
import { messageOf, readFields, type JsonFields } from "../remote/json-fields.js";
import { endWithParent } from "./child-process.js";
import { fromBase64, toBase64 } from "./storage-process.js";

// The process behind `openInProcess()`: opens the storage it is told of, and makes the calls it is sent.
type Answer = Readonly<Record<string, unknown>>;

const leases: Lease[] = [];
let storage: TokenStorage | undefined;

process.on("message", (message) => {
  const given = readFields(message, "the call");
  answer(given).then(
    (result) => process.send?.({ ...result, id: given.number("id") }),
    (error: unknown) => process.send?.({ error: describeError(error), id: given.number("id") }),
  );
});

async function answer(given: JsonFields): Promise<Answer> {
  const name = given.string("call");
  if (name === "open") {
    storage = await openStorage(given.string("module"), given.string("argument"));
    return { caps: storage.caps };
  }
  if (storage === undefined) throw new Error("No storage is open");
  switch (name) {
    case "get": {
      const entry = await storage.get(given.string("key"), boundsOf(given));
      return entry === null ? {} : { version: entry.version, bytes: toBase64(entry.bytes) };
    }
    case "compareAndSwap":
      return storage.compareAndSwap(
        given.string("key"),
        given.optional("expected", (of) => of.string("expected")) ?? null,
        fromBase64(given.string("bytes")),
        { ...boundsOf(given), ...writeOptionsOf(given.fields("options")) },
      );
    case "delete": {
      const version = given.fields("options").optional("version", (of) => of.string("version"));
      const options = { ...boundsOf(given), ...(version !== undefined && { version }) };
      return { wasLive: await storage.delete(given.string("key"), options) };
    }
    case "tryLease": {
      const options = given.fields("options");
      const wanted = { owner: options.string("owner"), ttlMs: options.number("ttlMs") };
      const lease = await storage.tryLease(given.string("key"), { ...boundsOf(given), ...wanted });
      return lease === null ? {} : { lease: leases.push(lease) - 1, fence: lease.fence };
    }
    case "renew":
      return { isOurs: await leaseOf(given).renew(given.number("ttlMs")) };
    case "release":
      await leaseOf(given).release();
      return {};
    case "list": {
      const keys: string[] = [];
      for await (const key of storage.list?.(given.string("prefix"), boundsOf(given)) ?? []) keys.push(key);
      return { keys };
    }
    case "close":
      await storage.close();
      return {};
    default:
      throw new Error(`There is no call ${name}`);
  }
}

async function openStorage(module: string, argument: string): Promise<TokenStorage> {
  const url = module.startsWith("file:") ? module : pathToFileURL(module).href;
  const { default: open }: { default?: (given: string) => TokenStorage | Promise<TokenStorage> } =
    await import(url);
  if (typeof open !== "function") throw new TypeError(`${module} has no default export that opens a storage`);
  return open(argument);
}

function boundsOf(given: JsonFields): OpOptions {
  const deadlineMs = given.fields("options").optional("deadlineMs", (of) => of.number("deadlineMs"));
  return {
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(given.boolean("aborted") && { signal: AbortSignal.abort() }),
  };
}

function writeOptionsOf(options: JsonFields): { version: string; expireAt?: number } {
  const expireAt = options.optional("expireAt", (of) => of.number("expireAt"));
  return { version: options.string("version"), ...(expireAt !== undefined && { expireAt }) };
}

function leaseOf(given: JsonFields): Lease {
  const lease = leases[given.number("lease")];
  if (lease === undefined) throw new Error("There is no such lease");
  return lease;
}

function describeError(error: unknown): Answer {
  const code =
    typeof error === "object" && error !== null && "code" in error ? String(error.code) : undefined;
  return { message: messageOf(error), code };
}

await endWithParent();
