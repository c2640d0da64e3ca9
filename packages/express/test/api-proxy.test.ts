import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import type { Browser } from "@bitbucket-auth/web-suite/browser.js";
import { expresses, sampleApp, signIn, type SampleApp, type SampleAppOptions } from "./sample-app.js";

const script = { Accept: "application/json", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty" };
const page = { ...script, Origin: "http://app.example", Host: "app.example" };

/** What the API was sent, and an answer of our own for some of it. */
async function proxied(
  options: SampleAppOptions = {},
  answer: (request: Request) => Promise<Response | undefined> | Response | undefined = () => undefined,
): Promise<{ sample: SampleApp; browser: Browser; sent: Request[] }> {
  const sent: Request[] = [];
  let isSignedIn = false;
  const sample = sampleApp({
    proxy: "/api/bitbucket",
    ...options,
    core: {
      async fetch(input, init) {
        const request = new Request(input, init);
        if (!request.url.startsWith("https://api.bitbucket.org/")) return sample.mock.fetch(request);
        sent.push(request.clone());
        return (isSignedIn ? await answer(request) : undefined) ?? sample.mock.fetch(request);
      },
    },
  });
  const browser = sample.browser();
  await signIn(sample, browser);
  sent.length = 0;
  isSignedIn = true;
  return { sample, browser, sent };
}

describe.each(expresses)("the proxy on %s", (_name, express) => {
  it("calls the API as the signed-in person", async () => {
    const { browser } = await proxied({ express });
    const answer = await browser.get("/api/bitbucket/2.0/repositories/acme?pagelen=1", script);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ pagelen: 1, values: [{ slug: "website" }] });
    expect(answer.headers["cache-control"]).toBe("private, no-store");
  });

  it("passes neither cookies nor credentials, in either direction", async () => {
    const { browser, sent } = await proxied({ express }, () =>
      Response.json({}, { headers: { "Set-Cookie": "theirs=1", "X-Internal": "1", ETag: '"e"' } }),
    );
    const answer = await browser.get("/api/bitbucket/2.0/user", {
      ...script,
      Authorization: "Bearer mine",
      "If-None-Match": "x",
    });
    expect(answer.headers).not.toHaveProperty("set-cookie");
    expect(answer.headers).not.toHaveProperty("x-internal");
    expect(answer.headers["etag"]).toBe('"e"');
    expect(sent[0]?.headers.has("cookie")).toBe(false);
    expect(sent[0]?.headers.get("authorization")).not.toBe("Bearer mine");
    expect(sent[0]?.headers.get("if-none-match")).toBe("x");
  });

  it("sends a small body again after a 401, and the answer is the second one's", async () => {
    const bodies: string[] = [];
    const { browser, sample } = await proxied({ express }, async (request) => {
      bodies.push(await request.clone().text());
      return bodies.length === 1
        ? new Response("", { status: 401 })
        : Response.json({ ok: true }, { status: 201 });
    });
    // A token is not renewed within a minute of the sign-in.
    await sample.mock.clock.advance("2m");
    const answer = await browser.post("/api/bitbucket/2.0/repositories/acme/new", page, { scm: "git" });
    expect([answer.status, answer.body]).toEqual([201, { ok: true }]);
    expect(bodies).toEqual(['{"scm":"git"}', '{"scm":"git"}']);
  });

  it("streams a large body, and cuts off one that is too large", async () => {
    const { sample, browser } = await proxied({ express }, async (request) => {
      const { length } = await request.text();
      return Response.json({ length });
    });
    const large = "x".repeat(300_000);
    expect((await browser.post("/api/bitbucket/2.0/x", page, large)).body).toEqual({ length: 300_000 });
    expect(await postInChunks(sample, browser, 11)).toBe(413);
    const told = await browser.post("/api/bitbucket/2.0/x", page, "x".repeat(10 * 1024 * 1024 + 1));
    expect(told.status).toBe(413);
  });

  it("passes an answer on while it is still coming, and lets go of it when the page has gone", async () => {
    let cancelled: () => void = () => undefined;
    const letGo = new Promise<void>((resolve) => (cancelled = resolve));
    const endless = (): Response =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(1024)),
          cancel: () => cancelled(),
        }),
      );
    const { sample, browser } = await proxied({ express }, endless);
    const server = sample.app.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const cookie = [...browser.cookies].map((pair) => pair.join("=")).join("; ");
    const gone = new AbortController();
    const answer = await fetch(`http://127.0.0.1:${port}/api/bitbucket/2.0/x`, {
      headers: { cookie },
      signal: gone.signal,
    });
    const first = await answer.body?.getReader().read();
    expect(first?.value?.length).toBeGreaterThan(0);
    gone.abort();
    await expect(letGo).resolves.toBeUndefined();
    server.close();
    server.closeAllConnections();
  });

  it("lets a file of somebody else run nothing here", async () => {
    const html = "<script>alert(1)</script>";
    const { browser } = await proxied(
      { express },
      () => new Response(html, { headers: { "Content-Type": "text/html" } }),
    );
    const { headers } = await browser.get("/api/bitbucket/2.0/file", script);
    expect(headers["content-security-policy"]).toBe("sandbox; default-src 'none'");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["cross-origin-resource-policy"]).toBe("same-origin");
  });

  it("answers with JSON and the error's code", async () => {
    const { sample, browser } = await proxied({ express });
    expect((await sample.browser().get("/api/bitbucket/2.0/user", script)).body).toMatchObject({
      code: "signed_out",
    });
    sample.mock.faults.next("api", { network: "reset" });
    const down = await browser.get("/api/bitbucket/2.0/user");
    expect([down.status, down.body.code]).toEqual([502, "api_request_failed"]);
    expect((await browser.get("/api/bitbucket/2.0/repositories/acme/none", script)).status).toBe(404);
  });

  it("says so when a body parser was faster", async () => {
    const { browser } = await proxied({ express, prepare: (app) => void app.use(express.json()) });
    const answer = await browser.post("/api/bitbucket/2.0/x", page, { a: 1 });
    expect([answer.status, answer.body.code]).toEqual([500, "invalid_options"]);
  });

  it("leaves other paths to the app", async () => {
    const { sample, browser } = await proxied({ express });
    sample.app.get("/api/bitbucketeer", (_req, res) => void res.send("mine"));
    expect((await browser.get("/api/bitbucketeer")).text).toBe("mine");
  });
});

/** Posts so many megabytes without saying beforehand how many; answers the status. */
async function postInChunks({ app }: SampleApp, { cookies }: Browser, megabytes: number): Promise<number> {
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const chunks = Array.from({ length: megabytes }, () => new Uint8Array(1024 * 1024 + 1));
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const init = {
    method: "POST",
    headers: { Cookie: cookie, Origin: `http://127.0.0.1:${port}` },
    body: new Blob(chunks).stream(),
    duplex: "half",
  };
  const { status } = await fetch(`http://127.0.0.1:${port}/api/bitbucket/2.0/x`, init);
  server.close();
  server.closeAllConnections();
  return status;
}
