import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import { StorageError } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { isRefusal, isUnknownScript, storageFailure } from "../src/redis-failure.ts";

const lua = "script: 0123abcd, on @user_script:3.";

describe("storageFailure()", () => {
  it.each([
    ["WRONGTYPE Operation against a key holding the wrong kind of value", "fix_config", "WRONGTYPE"],
    [`WRONGTYPE Operation against a key holding the wrong kind of value ${lua}`, "fix_config", "WRONGTYPE"],
    [
      "ERR Error running script (call to f_0123): @user_script:1: WRONGTYPE Operation against a key",
      "fix_config",
      "WRONGTYPE",
    ],
    ["OOM command not allowed when used memory > 'maxmemory'.", "fix_config", "OOM"],
    [
      "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk",
      "fix_config",
      "MISCONF",
    ],
    ["NOAUTH Authentication required.", "fix_config", "NOAUTH"],
    ["WRONGPASS invalid username-password pair or user is disabled.", "fix_config", "WRONGPASS"],
    ["NOPERM User app has no permissions to run the 'evalsha' command", "fix_config", "NOPERM"],
    [
      `ERR The user executing the script can't run this command or subcommand ${lua}`,
      "fix_config",
      "Check user, password and ACL",
    ],
    ["MOVED 3999 127.0.0.1:6381", "fix_config", "MOVED"],
    ["The client is closed", "fix_config", "connect()"],
    [
      "ERR Can't execute 'hmget': only (P|S)SUBSCRIBE / PING / QUIT / RESET are allowed in this context",
      "fix_config",
      "listens to channels",
    ],
    [
      "Connection in subscriber mode, only subscriber commands may be used",
      "fix_config",
      "listens to channels",
    ],
    ["READONLY You can't write against a read only replica.", "retry", "READONLY"],
    ["LOADING Redis is loading the dataset in memory", "retry", "LOADING"],
    ["CLUSTERDOWN The cluster is down", "retry", "CLUSTERDOWN"],
    ["ERR unknown command", "retry", "ERR"],
    ["connect ECONNREFUSED 127.0.0.1:6379", "retry", "ECONNREFUSED"],
    ["Socket closed unexpectedly", "retry", "cannot be reached"],
  ])("reads %j as %s", (text, action, told) => {
    const failure = storageFailure(new Error(text));
    expect(failure).toMatchObject({ code: "storage_failed", action });
    expect(failure.message).toContain(told);
  });

  it("repeats nothing of what the client's error carries", () => {
    const secret = "refresh-token-1";
    const error = Object.assign(new Error(`ERR wrong rediss://app:${secret}@redis.test:6379`), {
      command: { name: "evalsha", args: [secret] },
      cause: secret,
    });
    const failure = storageFailure(error);
    expect(failure.cause).toBeUndefined();
    expect(inspect(failure, { depth: null, showHidden: true })).not.toContain(secret);
  });

  it("takes what is no error at all for an unreachable Redis", () => {
    expect(storageFailure("gone")).toMatchObject({ code: "storage_failed", action: "retry" });
  });

  it("leaves a StorageError as it is", () => {
    const failure = new StorageError("said already");
    expect(storageFailure(failure)).toBe(failure);
  });
});

describe("isRefusal()", () => {
  it.each(["ERR no", "NOSCRIPT No matching script.", "READONLY You can't"])(
    "knows %j for Redis' own answer",
    (text) => {
      expect(isRefusal(new Error(text))).toBe(true);
    },
  );

  it.each(["Socket closed unexpectedly", "connect ECONNREFUSED 127.0.0.1:1", "The client is closed"])(
    "does not take %j for one",
    (text) => {
      expect(isRefusal(new Error(text))).toBe(false);
    },
  );
});

describe("an error of another realm, as a client gives it under jest", () => {
  const foreign = (message: string): unknown => runInNewContext(`new Error(${JSON.stringify(message)})`);

  it("is read as one of this realm is", () => {
    expect(isRefusal(foreign("NOAUTH Authentication required."))).toBe(true);
    expect(isUnknownScript(foreign("NOSCRIPT No matching script."))).toBe(true);
    expect(storageFailure(foreign("NOAUTH Authentication required."))).toMatchObject({
      action: "fix_config",
    });
  });

  it.each([undefined, null, "NOAUTH x", { message: 7 }])("is not %j", (error) => {
    expect([isRefusal(error), isUnknownScript(error)]).toEqual([false, false]);
  });
});
