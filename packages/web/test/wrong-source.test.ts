import { createBitbucketAuth } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { toFastifyPlugin } from "../src/fastify.ts";
import { toHonoMiddleware } from "../src/hono.ts";
import { createBitbucketWeb } from "../src/index.ts";
import { toKoaMiddleware } from "../src/koa.ts";
import { toNextHandlers } from "../src/next.ts";
import { toNodeListener } from "../src/node.ts";

const auth = createBitbucketAuth({ clientId: "key", clientSecret: "secret", logging: false });
const cookieSecret = "a secret for tests alone";
const bitbucket = createBitbucketWeb({ auth, cookieSecret });
const refused = expect.objectContaining({ code: "invalid_options", action: "fix_config" });
/** A call as a program without types makes it, and what it throws. */
function failureOf(call: Function, ...args: readonly unknown[]): unknown {
  try {
    return Reflect.apply(call, undefined, args);
  } catch (error) {
    return error;
  }
}
const wrong = [
  ["an auth", auth],
  ["its options", { auth, cookieSecret }],
  ["nothing", undefined],
  ["null", null],
] as const;

describe("an adapter", () => {
  it.each(
    Object.entries({ toFastifyPlugin, toHonoMiddleware, toKoaMiddleware, toNodeListener }).flatMap(
      ([name, call]) => wrong.map(([what, given]) => ({ name, call, what, given })),
    ),
  )(
    "$name() refuses $what in place of a sign-in when it is made, and not at the first request",
    ({ name, call, given }) => {
      const failure = failureOf(call, given, () => {});
      expect(failure).toEqual(refused);
      expect(failure).toMatchObject({ message: `${name}() wants the result of createBitbucketWeb().` });
    },
  );

  it("toNodeListener() refuses to be without an app", () => {
    expect(failureOf(toNodeListener, bitbucket)).toEqual(refused);
  });

  it.each(wrong)("toNextHandlers() refuses %s in place of a sign-in", (_what, given) => {
    expect(failureOf(toNextHandlers, given)).toEqual(refused);
  });

  it("toNextHandlers() refuses what its function makes at the first request: Next builds without secrets", async () => {
    const { GET } = toNextHandlers(() => JSON.parse("{}"));
    await expect(GET(new Request("http://localhost/auth/bitbucket"))).rejects.toEqual(refused);
  });
});

describe("signInPath()", () => {
  it.each([[{ returnTo: "/here" }], [7], [null]])("refuses %j, which is no path", (given) => {
    expect(failureOf(bitbucket.signInPath, given)).toEqual(refused);
  });
});
