import type { BitbucketWeb } from "@bitbucket-auth/web";
import { requireBitbucket, toHonoMiddleware } from "@bitbucket-auth/web/hono";
import { Hono } from "hono";

/** The app of the suite in Hono, on whatever it runs. */
export function honoApp(bitbucket: BitbucketWeb): { fetch(request: Request): Response | Promise<Response> } {
  return (
    new Hono()
      .use(toHonoMiddleware(bitbucket))
      .get("/", (c) => c.json({ account: c.var.bitbucket?.account ?? null }))
      .get("/private", requireBitbucket(), (c) => c.json({ account: c.var.bitbucket.account }))
      .post("/private", requireBitbucket(), (c) => c.json({ account: c.var.bitbucket.account }))
      .get("/who", requireBitbucket(), async (c) =>
        c.json(await (await c.var.bitbucket.fetch("/2.0/user")).json()),
      )
      // Hono would print what is answered by the middleware.
      .onError((_error, c) => c.text("", 500))
  );
}
