import type { IncomingMessage, RequestListener } from "node:http";
import { pipeline } from "node:stream/promises";
import type { BitbucketAuthOptions } from "@bitbucket-auth/core";
import type { BitbucketMockOptions } from "@bitbucket-auth/testing";
import { type BitbucketWeb, type BitbucketWebOptions, createBitbucketWeb } from "../src/index.js";
import { type Attack, type Stage } from "@bitbucket-auth/web-suite/attacks/attack.js";
import { createBrowser, served } from "@bitbucket-auth/web-suite/browser.js";
import {
  createAuth,
  createWorld,
  type Sample,
  secret,
  type World,
} from "@bitbucket-auth/web-suite/sample.js";

/** An app that is a function from `Request` to `Response`. */
export interface WebApp extends Sample, World {
  readonly bitbucket: BitbucketWeb;
  respond(request: Request): Promise<Response>;
  /** Another process of the same app: its own memory, the same storage. */
  another(): WebApp;
}

export interface WebAppOptions extends Partial<BitbucketWebOptions> {
  readonly mock?: BitbucketMockOptions | undefined;
  readonly core?: BitbucketAuthOptions | undefined;
}

type Make = (options: BitbucketWebOptions) => BitbucketWeb;

/** One page for everybody, one that is guarded, and what a single-page app would call. */
export function webApp(options: WebAppOptions = {}, make: Make = createBitbucketWeb): WebApp {
  const { mock: bitbucket, core, ...rest } = options;
  const world = createWorld({ bitbucket, core });
  const build = (auth: World["auth"]): WebApp => {
    const { clock } = world.mock;
    const web = make({ auth, cookieSecret: secret, clock, logging: false, ...rest });
    const respond = (request: Request): Promise<Response> => respondTo(web, request);
    const origin = served(listenerFor(respond));
    return {
      ...world,
      auth,
      bitbucket: web,
      respond,
      another: () => build(createAuth(world.mock, world.storage, core)),
      browser: (headers) => createBrowser(origin, headers),
    };
  };
  return build(options.auth ?? world.auth);
}

async function respondTo(web: BitbucketWeb, request: Request): Promise<Response> {
  const answer = await web.handle(request);
  if (answer) return answer;
  const { pathname } = new URL(request.url);
  if (pathname === "/") {
    const user = await web.session(request).catch(() => undefined);
    return Response.json({ account: user?.account ?? null });
  }
  if (pathname !== "/private" && pathname !== "/who") return new Response("", { status: 404 });
  const guarded = await web.guard(request);
  if (guarded instanceof Response) return guarded;
  if (pathname === "/private") return privately({ account: guarded.account });
  try {
    return privately(await (await guarded.fetch("/2.0/user")).json());
  } catch (error) {
    const explained = await web.answerError(error, request);
    if (explained) return explained;
    throw error;
  }
}

/** What is shown to one user is for no cache: without an adapter that is the app's to say. */
function privately(value: unknown): Response {
  return Response.json(value, { headers: { "Cache-Control": "no-store" } });
}

/** The stage for an attack on such an app. */
export function stageFor({ app: { bitbucket, ...options } = {} }: Attack, make: Make): Stage {
  const sample = webApp({ ...options, mock: bitbucket }, make);
  return { sample, sent: sample.sent, victim: sample.browser(), attacker: sample.browser() };
}

/** Only what a test needs of a bridge to Node's server: the one that is published has tests of its own. */
function listenerFor(respond: (request: Request) => Promise<Response>): RequestListener {
  return (req, res) => {
    const answer = async (): Promise<void> => {
      const response = await respond(toRequest(req));
      res.statusCode = response.status;
      for (const [name, value] of response.headers) if (name !== "set-cookie") res.setHeader(name, value);
      const cookies = response.headers.getSetCookie();
      if (cookies.length > 0) res.setHeader("set-cookie", cookies);
      if (response.body) await pipeline(response.body, res);
      else res.end();
    };
    answer().catch((error: unknown) => {
      if (!res.headersSent) res.writeHead(500);
      res.end(error instanceof Error ? error.name : "");
    });
  };
}

function toRequest(req: IncomingMessage): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers))
    for (const line of [value ?? []].flat()) headers.append(name, line);
  const hasBody = req.method !== "GET" && req.method !== "HEAD";
  const init = {
    method: req.method ?? "GET",
    headers,
    duplex: "half",
    ...(hasBody && { body: streamOf(req) }),
  };
  return new Request(new URL(req.url ?? "/", `http://${req.headers.host ?? "localhost"}`), init);
}

function streamOf(req: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = req[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
  });
}
