import type { BitbucketWeb } from "@bitbucket-auth/web";
import { requireBitbucket, toHonoMiddleware } from "@bitbucket-auth/web/hono";
import { Hono } from "hono";
import { html } from "hono/html";

/** The app: a public page, and one with the workspaces of the signed-in user. */
export function createApp(bitbucket: BitbucketWeb): {
  fetch(request: Request): Response | Promise<Response>;
} {
  return new Hono()
    .use(toHonoMiddleware(bitbucket))
    .get("/", async (c) => {
      const name = (await c.var.bitbucket?.user())?.displayName;
      return c.html(
        page(
          name === undefined
            ? html`<h1>Welcome</h1>
                <p><a href="${bitbucket.signInPath("/workspaces")}">Sign in with Bitbucket</a></p>`
            : html`<h1>Hello, ${name}</h1>
                <p><a href="/workspaces">Your workspaces</a></p>
                <form method="post" action="/auth/bitbucket/logout"><button>Sign out</button></form>`,
        ),
      );
    })
    .get("/workspaces", requireBitbucket(), async (c) => {
      const response = await c.var.bitbucket.fetch("/2.0/user/workspaces?pagelen=100");
      const slugs = slugsIn(await response.json());
      return c.html(
        page(
          html`<h1>Workspaces</h1>
            <ul>
              ${slugs.map((slug) => html`<li>${slug}</li>`)}
            </ul>
            <p><a href="/">Home</a></p>`,
        ),
      );
    });
}

function page(content: ReturnType<typeof html>): ReturnType<typeof html> {
  return html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <link rel="icon" href="data:," />
      <title>Bitbucket on Hono</title>
      <main>${content}</main>
    </html>`;
}

/** `{ values: [{ workspace: { slug } }] }`, as far as it is so. */
function slugsIn(list: unknown): string[] {
  const values = member(list, "values");
  if (!Array.isArray(values)) return [];
  return values
    .map((access) => member(member(access, "workspace"), "slug"))
    .filter((slug) => typeof slug === "string");
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
