import { createServer } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { bitbucketHandlers, listenStrictly } from "../src/msw.ts";
import { basic } from "./token-request.ts";

const handlers = bitbucketHandlers();
const { mock } = handlers;
const server = setupServer(...handlers);

beforeAll(() => listenStrictly(server));
afterEach(() => {
  server.resetHandlers();
  mock.reset();
});
afterAll(() => server.close());

function refresh(refreshToken: string | undefined, init: RequestInit = {}): Promise<Response> {
  return fetch(mock.urls.token, {
    method: "POST",
    headers: { authorization: basic(mock.consumers[0]) },
    body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken ?? "" }),
    ...init,
  });
}

describe("bitbucketHandlers()", () => {
  it("refuses what is not a fake in its place, and options that do not exist", () => {
    expect(() => bitbucketHandlers(JSON.parse('{"profile":"strict"}'))).toThrow(
      "The first argument is a fake, or undefined for a new one; options come second.",
    );
    expect(() => bitbucketHandlers(mock, JSON.parse('{"alow":[]}'))).toThrow(
      'bitbucketHandlers() has no option "alow". It takes: origins, allow.',
    );
  });

  it("answers the global fetch", async () => {
    const { tokens } = mock.issueGrant();
    const answer = await refresh(tokens.refreshToken);
    expect(answer.status).toBe(200);
    expect(mock.requests.token("refresh_token")).toHaveLength(1);
  });

  it("answers node:https", async () => {
    const { tokens } = mock.issueGrant();
    const status = await new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${tokens.accessToken}` };
      const sent = https.request(`${mock.urls.api}/2.0/user`, { headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.on("error", reject).end();
    });
    expect(status).toBe(200);
  });

  it("makes a network fault reject", async () => {
    mock.faults.next("token", { network: "reset" });
    await expect(refresh("any")).rejects.toThrow(TypeError);
  });

  it("makes a broken body reject", async () => {
    const { tokens } = mock.issueGrant();
    mock.faults.next("token", { body: "truncated" });
    // Note: msw 2 breaks while the body is read, msw 3 before the answer is there.
    await expect(refresh(tokens.refreshToken).then((answer) => answer.json())).rejects.toBeInstanceOf(Error);
    expect(mock.grant(tokens.accessToken).generation).toBe(2);
  });

  it("lets go of a hanging request when the client gives up", async () => {
    mock.faults.next("token", { hang: true });
    const giveUp = new AbortController();
    const answer = refresh("any", { signal: giveUp.signal });
    setImmediate(() => giveUp.abort());
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
  });

  it("keeps an unknown address of its hosts from the network", async () => {
    const answer = await fetch("https://bitbucket.org/acme/website");
    expect(answer.status).toBe(501);
    expect(mock.violations).toMatchObject([{ op: "unknown", path: "/acme/website" }]);
  });

  it("gives way to the test's own handlers", async () => {
    server.use(http.get("https://api.bitbucket.org/2.0/user", () => HttpResponse.json({ mine: true })));
    const answer = await fetch("https://api.bitbucket.org/2.0/user");
    expect(await answer.json()).toEqual({ mine: true });
  });

  it("answers at another address when asked to", async () => {
    const elsewhere = bitbucketHandlers(undefined, { origins: ["https://bitbucket.example"] });
    server.use(...elsewhere);
    const { endpoints } = elsewhere.mock.issueGrant().clientOptions;
    expect(endpoints.tokenUrl).toBe("https://bitbucket.example/site/oauth2/access_token");
    expect((await fetch(`${endpoints.apiUrl}/2.0/user`)).status).toBe(401);
  });

  it("brings a fake of its own each time", () => {
    expect(bitbucketHandlers().mock).not.toBe(bitbucketHandlers().mock);
  });
});

describe("listenStrictly()", () => {
  it("refuses options that do not exist, before it listens", () => {
    expect(() => listenStrictly(setupServer(), JSON.parse('{"onUnhandledRequest":"bypass"}'))).toThrow(
      'listenStrictly() has no option "onUnhandledRequest". It takes: allow.',
    );
  });

  it("refuses a request that no handler takes", async () => {
    const printed = vi.spyOn(console, "error").mockReturnValue();
    onTestFinished(() => printed.mockRestore());
    const refused: unknown = await fetch("https://example.com/").catch((error: unknown) => error);
    const words = refused instanceof Error ? [refused.message, refused.cause] : [];
    expect(words.join(" ")).toContain("[MSW]");
  });

  it.each(["127.0.0.1", "localhost"])("lets a request to the app under test pass, on %s", async (host) => {
    const app = createServer((_request, response) => response.end("mine"));
    await new Promise<void>((resolve) => app.listen(0, host, resolve));
    onTestFinished(() => void app.close());
    const { port } = app.address() as AddressInfo;
    const answer = await fetch(`http://${host}:${port}/`);
    expect(await answer.text()).toBe("mine");
  });

  it.each(["listenStrictly()", "bitbucketHandlers()"])(
    "lets a request to an origin that %s allows pass, and no other",
    async (where) => {
      const printed = vi.spyOn(console, "error").mockReturnValue();
      onTestFinished(() => printed.mockRestore());
      const allow = ["https://allowed.invalid"];
      server.close();
      const own = where === "listenStrictly()" ? handlers : bitbucketHandlers(undefined, { allow });
      const other = setupServer(...own);
      listenStrictly(other, where === "listenStrictly()" ? { allow } : {});
      onTestFinished(() => {
        other.close();
        listenStrictly(server);
      });
      const failure = async (url: string): Promise<string> => {
        const error: unknown = await fetch(url).catch((caught: unknown) => caught);
        return error instanceof Error ? `${error.message} ${String(error.cause)}` : "none";
      };
      expect(await failure("https://allowed.invalid/")).toContain("ENOTFOUND");
      expect(await failure("https://other.invalid/")).toContain("[MSW]");
    },
  );
});
