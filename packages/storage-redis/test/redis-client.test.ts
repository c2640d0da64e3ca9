import { describe, expect, it } from "vitest";
import { connectionOf } from "../src/redis-client.ts";

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
