import { isBitbucketAuthError } from "@bitbucket-auth/core";
import type { BitbucketSession } from "./bitbucket-session.js";
import { isSolvedBySignIn } from "./problem.js";
import { assertWeb } from "./options.js";
import type { BitbucketWeb } from "./web.js";

/** A sign-in, or a function that makes it once: Next loads every route while it builds, where there are no secrets yet. */
export type BitbucketSource<Api> = BitbucketWeb<Api> | (() => BitbucketWeb<Api>);

/** A route handler of the app router. */
export type NextHandler = (request: Request) => Promise<Response>;

/** The methods that the routes and the proxy answer. */
export type NextMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * Route handlers for `app/auth/bitbucket/[[...route]]/route.ts`, and for the proxy's folder if there is one:
 * `export const { GET, POST } = toNextHandlers(bitbucket);`
 */
export function toNextHandlers<Api>(bitbucket: BitbucketSource<Api>): Record<NextMethod, NextHandler> {
  if (typeof bitbucket !== "function") assertWeb(bitbucket, "toNextHandlers()");
  const handle: NextHandler = async (request) =>
    (await made(bitbucket).handle(request)) ?? new Response("Not Found", { status: 404 });
  return { GET: handle, HEAD: handle, POST: handle, PUT: handle, PATCH: handle, DELETE: handle };
}

/**
 * Who is signed in, for server components, server actions and route handlers. Tokens are on the server, so that a component,
 * which cannot set a cookie, still gets one that works. Rejects when that cannot be known now.
 */
export async function session<Api>(
  bitbucket: BitbucketSource<Api>,
): Promise<BitbucketSession<Api> | undefined> {
  const { headers } = await import("next/headers.js");
  // Note: asked first. It is what tells Next, while it builds, that a page is no static one.
  const given = await headers();
  return made(bitbucket).session({ headers: given });
}

/**
 * As `session()`, with a token that works, and redirects a request without one to the sign-in; `returnTo` is the path of the
 * page that asks. Rejects when neither is possible now, such as while the storage is down.
 */
export async function requireSession<Api>(
  bitbucket: BitbucketSource<Api>,
  returnTo: string,
): Promise<BitbucketSession<Api>> {
  const user = await session(bitbucket);
  const isAsked = user === undefined || (await isOver(user));
  if (!isAsked) return user;
  const { redirect } = await import("next/navigation.js");
  return redirect(made(bitbucket).signInPath(returnTo));
}

/** Whether only a new sign-in brings a token again. */
async function isOver(user: BitbucketSession<unknown>): Promise<boolean> {
  try {
    await user.getAccessToken();
    return false;
  } catch (error) {
    if (isBitbucketAuthError(error) && isSolvedBySignIn(error)) return true;
    throw error;
  }
}

function made<Api>(bitbucket: BitbucketSource<Api>): BitbucketWeb<Api> {
  const web = typeof bitbucket === "function" ? bitbucket() : bitbucket;
  assertWeb(web, "The entry for Next.js");
  return web;
}
