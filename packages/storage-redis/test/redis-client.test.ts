import { describe, expect, it } from "vitest";
import { createRedisStorage } from "../src/index.ts";
import { connectionOf } from "../src/redis-client.ts";

/** What `new Redis({ url, token })` of @upstash/redis has: typed commands over HTTP. */
class HttpClient {
  readonly opts = { automaticDeserialization: true };
  pipeline(): object {
    return {};
  }
  get(): Promise<null> {
    return Promise.resolve(null);
  }
}

describe("createRedisStorage() with a client over HTTP", () => {
  it("refuses it and names the supported clients", () => {
    expect(() => Reflect.apply(createRedisStorage, undefined, [{ client: new HttpClient() }])).toThrow(
      expect.objectContaining({
        code: "invalid_options",
        message: expect.stringMatching(
          /node-redis 5 or 6 .* ioredis 5 or 6 .* @upstash\/redis, is not supported/,
        ),
      }),
    );
  });
});

describe("connectionOf()", () => {
  it.each([
    {},
    { get: () => "text" },
    { connect: () => undefined, duplicate: () => undefined },
    7,
    "redis://127.0.0.1",
    null,
    undefined,
  ])("refuses what is no client: %j", (client) => {
    expect(() => Reflect.apply(connectionOf, undefined, [client])).toThrow(
      expect.objectContaining({
        code: "invalid_options",
        message: expect.stringContaining("createClient()"),
      }),
    );
  });
});

describe("createRedisStorage() with options it does not have", () => {
  const client = { sendCommand: async () => 1, duplicate: () => undefined };

  it.each([
    [{ client, prefx: "bb" }, 'createRedisStorage() has no option "prefx". It takes: client, prefix'],
    [{ client, persist: { waitReplicas: 1, timeout: 5 } }, '`persist` has no option "timeout"'],
  ])("refuses %o by name", (options, message) => {
    expect(() => Reflect.apply(createRedisStorage, undefined, [options])).toThrow(
      expect.objectContaining({ code: "invalid_options", message: expect.stringContaining(message) }),
    );
  });
});
