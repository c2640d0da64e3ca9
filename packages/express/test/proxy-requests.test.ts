import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import type { Express } from "express";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Browser } from "@bitbucket-auth/web-suite/browser.js";
import { expresses, sampleApp, signIn, type SampleApp, type SampleAppOptions } from "./sample-app.js";

const script = { Accept: "application/json", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty" };

/** Somebody signed in to an app with a proxy; what they call from now on is kept and answered with `{}`. */
async function proxied(options: SampleAppOptions): Promise<{
  readonly sample: SampleApp;
  readonly browser: Browser;
  readonly sent: Request[];
}> {
  const sent: Request[] = [];
  let isSignedIn = false;
  const sample = sampleApp({
    proxy: "/api/bitbucket",
    ...options,
    core: {
      async fetch(input, init) {
        const request = new Request(input, init);
        if (!isSignedIn || !request.url.startsWith("https://api.")) return sample.mock.fetch(request);
        sent.push(request);
        return Response.json({});
      },
    },
  });
  const browser = sample.browser();
  await signIn(sample, browser);
  isSignedIn = true;
  return { sample, browser, sent };
}

describe.each(expresses)("what the proxy makes of a request on %s", (_name, express) => {
  it("leaves out the body of a read, which could not be sent", async () => {
    const { sample, browser, sent } = await proxied({ express });
    const socket = await openSocket(sample.app);
    const cookie = [...browser.cookies].map((pair) => pair.join("=")).join("; ");
    const lines = ["Host: a", `Cookie: ${cookie}`, "Content-Length: 2", "Connection: close", "", "{}"];
    socket.write(["GET /api/bitbucket/2.0/x HTTP/1.1", ...lines].join("\r\n"));
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
    expect(sent).toMatchObject([{ method: "GET", body: null }]);
  });

  it("passes a range together with its condition", async () => {
    const { browser, sent } = await proxied({ express });
    await browser.get("/api/bitbucket/2.0/x", { ...script, Range: "bytes=10-", "If-Range": '"then"' });
    expect(sent[0]?.headers.get("range")).toBe("bytes=10-");
    expect(sent[0]?.headers.get("if-range")).toBe('"then"');
  });

  it("passes a body together with its encoding", async () => {
    const { browser, sent } = await proxied({ express });
    const own = { ...script, Origin: "http://app.example", Host: "app.example", "Content-Encoding": "gzip" };
    await browser.post("/api/bitbucket/2.0/x", own, "squeezed");
    expect(sent[0]?.headers.get("content-encoding")).toBe("gzip");
  });
});

/** A connection to the app, for what no client would send. */
async function openSocket(app: Express): Promise<Socket> {
  const server = app.listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}
