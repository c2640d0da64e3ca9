import { bearerSource, createAuthenticatedFetch } from "../../src/api/fetch.ts";
import { rejectionOf } from "../promises.ts";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** What the platform's own `fetch` makes of our requests, over real connections. */
describe("createAuthenticatedFetch() over sockets", () => {
  const received: string[] = [];
  let unfinished = 0;
  let server: Server;
  let apiUrl: string;

  beforeAll(async () => {
    server = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    apiUrl = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Answers an old token with a 401 whose body never ends. */
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    received.push(`${request.method} ${request.url} ${request.headers.authorization} ${body}`);
    if (request.headers.authorization === "Bearer old") {
      unfinished += 1;
      response.on("close", () => (unfinished -= 1));
      response.writeHead(401).write("expired ".repeat(100_000));
    } else if (request.url === "/2.0/moved") {
      response.writeHead(302, { location: "/2.0/user" }).end("moved");
    } else {
      response.end("ok");
    }
  }

  function createFetch(): typeof globalThis.fetch {
    received.length = 0;
    let token = "old";
    return createAuthenticatedFetch({
      apiUrl,
      source: bearerSource(async ({ rejected }) => (token = rejected === undefined ? token : "new")),
    });
  }

  it("sends a form twice, the same each time", async () => {
    await createFetch()("/2.0/user", { method: "POST", body: new URLSearchParams({ a: "1" }) });
    expect(received).toEqual(["POST /2.0/user Bearer old a=1", "POST /2.0/user Bearer new a=1"]);
  });

  it("sends a Request, its body inside, once, and the next one with the fresh token", async () => {
    const fetch = createFetch();
    const request = (): Request => new Request(`${apiUrl}/2.0/user`, { method: "POST", body: "inside" });
    expect(await rejectionOf(fetch(request()))).toMatchObject({ code: "access_token_rejected" });
    expect(await (await fetch(request())).text()).toBe("ok");
    expect(received).toEqual(["POST /2.0/user Bearer old inside", "POST /2.0/user Bearer new inside"]);
  });

  it("follows a redirect with what the Request asked for", async () => {
    const request = new Request(`${apiUrl}/2.0/moved`, {
      method: "DELETE",
      cache: "no-store",
      keepalive: true,
    });
    expect(await (await createFetch()(request)).text()).toBe("ok");
    expect(received.slice(1)).toEqual(["DELETE /2.0/moved Bearer new ", "DELETE /2.0/user Bearer new "]);
  });

  it("holds on to no connection whose answer it gave up", async () => {
    const fetch = createFetch();
    await Promise.all(Array.from({ length: 20 }, async () => (await fetch("/2.0/user")).text()));
    expect(received).toHaveLength(40);
    await expect.poll(() => unfinished).toBe(0);
  });
});
