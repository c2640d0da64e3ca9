import { once } from "node:events";
import { createServer as createHttp1Server, type RequestListener } from "node:http";
import { connect, constants, createServer, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createBitbucketWeb, type BitbucketWebOptions, type ProblemReport } from "@bitbucket-auth/web";
import { toNodeListener } from "@bitbucket-auth/web/node";
import { createWorld, secret, type World } from "@bitbucket-auth/web-suite/sample.js";
import { describe, expect, it, onTestFinished } from "vitest";

interface Answer {
  readonly headers: IncomingHttpHeaders & { readonly ":status"?: number };
  readonly text: string;
}
type Ask = (path: string, headers?: Readonly<Record<string, string>>, body?: string) => Promise<Answer>;

/** An HTTP/2 server with the sign-in, and a client of it. */
async function overHttp2(options: Partial<BitbucketWebOptions> = {}): Promise<World & { readonly ask: Ask }> {
  const world = createWorld();
  const { auth, mock } = world;
  const web = createBitbucketWeb({
    auth,
    cookieSecret: secret,
    clock: mock.clock,
    logging: false,
    ...options,
  });
  const server = createServer(
    // Node gives HTTP/2 the interface of HTTP/1, which the types do not say.
    (req, res) =>
      void Reflect.apply(
        toNodeListener(web, (_req, answer) => answer.end()),
        undefined,
        [req, res],
      ),
  ).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect(`http://127.0.0.1:${portOf(server.address())}`);
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  const ask: Ask = async (path, headers = {}, body) => {
    const method = body === undefined ? "GET" : "POST";
    const stream = client.request({
      ":method": method,
      ":path": path,
      ":authority": "app.example",
      ...headers,
    });
    const answered = once(stream, "response");
    // Note: in two parts, so that the end does not come with the headers.
    if (body !== undefined) stream.write(body);
    stream.end();
    const [received] = await answered;
    return { headers: received, text: await text(stream) };
  };
  return { ...world, ask };
}

function portOf(address: string | AddressInfo | null): number {
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

function cookieOf({ headers }: Answer): string {
  return (headers["set-cookie"] ?? []).map((line) => line.split(";", 1)[0]).join("; ");
}

async function signIn({ ask, mock }: Pick<World, "mock"> & { readonly ask: Ask }): Promise<Answer> {
  const login = await ask("/auth/bitbucket");
  const { redirect } = mock.authorize({ url: login.headers.location ?? "", user: "alice" });
  return ask(redirect.pathname + redirect.search, { cookie: cookieOf(login) });
}

describe("toNodeListener() over HTTP/2", () => {
  it("signs in, and hands the request's headers to onSignIn", async () => {
    const hosts: unknown[] = [];
    const app = await overHttp2({
      onSignIn: (_user, { request }) => hosts.push(new URL(request.url).host, request.headers.has("cookie")),
    });
    const back = await signIn(app);
    expect([back.headers[":status"], back.headers.location]).toEqual([constants.HTTP_STATUS_FOUND, "/"]);
    expect(hosts).toEqual(["app.example", true]);
    expect(cookieOf(back)).toMatch(/^bb_session=/);
  });

  it("knows its own origin, so that a form of the app signs out", async () => {
    const app = await overHttp2();
    const cookie = cookieOf(await signIn(app));
    const out = await app.ask("/auth/bitbucket/logout", { cookie, origin: "http://app.example" }, "");
    expect(out.headers[":status"]).toBe(constants.HTTP_STATUS_SEE_OTHER);
  });

  it("forwards a body whose length was not told", async () => {
    const app = await overHttp2({ proxy: "/api/bitbucket" });
    const cookie = cookieOf(await signIn(app));
    const headers = { cookie, origin: "http://app.example", "content-type": "application/json" };
    await app.ask("/api/bitbucket/2.0/repositories/acme/website/issues", headers, '{"title":"One"}');
    const sent = app.sent.filter(({ method }) => method === "POST");
    expect(await Promise.all(sent.map((request) => request.text()))).toEqual(['{"title":"One"}']);
  });
});

describe("toNodeListener()", () => {
  it.each<[string, unknown, string]>([
    ["an error", new TypeError("a secret is in here"), "TypeError"],
    ["nothing", undefined, "undefined"],
  ])(
    "logs and reports what the app rejects with, when it is %s, and answers 500",
    async (_what, error, name) => {
      const { auth } = createWorld();
      const logged: unknown[] = [];
      const reports: ProblemReport[] = [];
      const web = createBitbucketWeb({
        auth,
        cookieSecret: secret,
        logger: { error: (...line) => logged.push(...line) },
        onProblem: (report) => reports.push(report),
      });
      const port = await listen(toNodeListener(web, () => Promise.reject(error)));
      const response = await fetch(`http://127.0.0.1:${port}/`);
      expect([response.status, await response.text()]).toEqual([500, "Internal Server Error"]);
      expect(logged).toEqual([
        "bitbucket-auth: a request was answered with an error",
        { at: "handler", status: 500, name, account: undefined },
      ]);
      expect(reports).toEqual([{ error, status: 500, at: "handler", account: undefined }]);
    },
  );
});

async function listen(listener: RequestListener): Promise<number> {
  const server = createHttp1Server(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return portOf(server.address());
}
