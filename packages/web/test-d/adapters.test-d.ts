import type { BitbucketSession, BitbucketWeb } from "@bitbucket-auth/web";
import * as ofFastify from "@bitbucket-auth/web/fastify";
import * as ofHono from "@bitbucket-auth/web/hono";
import { fastify } from "fastify";
import { Hono } from "hono";
import { describe, expectTypeOf, it } from "vitest";

/** What `createAuthenticatedAPI` would give. */
interface Api {
  readonly whoAmI: () => Promise<string>;
}

declare const bitbucket: BitbucketWeb<Api>;

describe("the type of c.var.bitbucket in Hono", () => {
  const app = new Hono().use(ofHono.toHonoMiddleware(bitbucket));

  it("may be nothing in a route without a guard", () => {
    app.get("/", (c) => {
      expectTypeOf(c.var.bitbucket).toEqualTypeOf<BitbucketSession<Api> | undefined>();
      return c.text(c.var.bitbucket?.account ?? "nobody");
    });
    // @ts-expect-error -- without a guard there may be no user
    app.get("/", (c) => c.text(c.var.bitbucket.account));
  });

  it("is there behind requireBitbucket(), with what `api` makes where its type is named", () => {
    app.get("/", ofHono.requireBitbucket(), (c) => c.text(c.var.bitbucket.account));
    app.get("/", ofHono.requireBitbucket<Api>(), async (c) => {
      const api = await c.var.bitbucket.api();
      expectTypeOf(api).toEqualTypeOf<Api>();
      return c.text(await api.whoAmI());
    });
  });
});

describe("the type of request.bitbucket in Fastify", () => {
  it("may be nothing, for Fastify's types do not know which hooks a route has", () => {
    const app = fastify();
    void app.register(ofFastify.toFastifyPlugin(bitbucket));
    app.get("/", { onRequest: ofFastify.requireBitbucket() }, async ({ bitbucket: user }) =>
      expectTypeOf(user).toEqualTypeOf<BitbucketSession<unknown> | undefined>(),
    );
    // @ts-expect-error -- narrow it first
    app.get("/", async ({ bitbucket: user }) => user.account);
  });
});
