import { describe, expect, it } from "vitest";
import { createAuthenticatedFetch } from "../../src/api/authenticated-fetch.ts";
import { jsonResponse } from "../fake-fetch.ts";
import {
  apiUrl,
  bearersOf,
  createApiUnderTest,
  redirectTo,
  rejectionOf,
  watchedResponse,
} from "./api-under-test.ts";

const ok = (): Response => jsonResponse({ username: "ada" });
const expired = (): Response => new Response("Access token expired.", { status: 401 });

describe("a 401", () => {
  it("asks for a fresh token and sends the call once more, body and all", async () => {
    const { fetch, requests, asked } = createApiUnderTest([expired(), ok()]);
    expect((await fetch("/2.0/user", { method: "PUT", body: "a=1" })).status).toBe(200);
    expect(requests).toMatchObject([
      { method: "PUT", body: "a=1" },
      { method: "PUT", body: "a=1" },
    ]);
    expect(bearersOf(requests)).toEqual(["Bearer secret-token-1", "Bearer secret-token-2"]);
    expect(asked).toEqual([undefined, "secret-token-1"]);
  });

  it("rejects when it comes again", async () => {
    const { fetch, requests, asked } = createApiUnderTest([expired()]);
    const error = await rejectionOf(fetch("/2.0/user"));
    expect(error).toMatchObject({
      code: "access_token_rejected",
      status: 401,
      description: "Access token expired.",
    });
    expect([requests.length, asked.length]).toEqual([2, 2]);
  });

  it("rejects when the token source has no other token, without sending it again", async () => {
    const { fetch, requests } = createApiUnderTest([expired()], {
      accessToken: async () => "secret-token-1",
    });
    expect(await rejectionOf(fetch("/2.0/user"))).toMatchObject({
      code: "access_token_rejected",
      status: 401,
    });
    expect(requests).toHaveLength(1);
  });

  it("passes the rejection of the refresh on", async () => {
    const dead = new Error("refresh rejected");
    const { fetch } = createApiUnderTest([expired()], {
      accessToken: ({ rejected }) =>
        rejected === undefined ? Promise.resolve("token") : Promise.reject(dead),
    });
    expect(await rejectionOf(fetch("/2.0/user"))).toBe(dead);
  });

  it.each<[string, () => [string | Request, RequestInit?]]>([
    ["a stream", () => ["/2.0/user", { method: "POST", body: new Blob(["once"]).stream() }]],
    ["a Request with a body", () => [new Request(`${apiUrl}/2.0/user`, { method: "POST", body: "once" })]],
  ])("does not send %s twice, but readies the next call", async (_what, args) => {
    const { fetch, requests, asked } = createApiUnderTest([expired(), ok()]);
    const error = await rejectionOf(fetch(...args()));
    expect(error).toMatchObject({ code: "access_token_rejected", status: 401 });
    expect(error).toHaveProperty("message", expect.stringMatching(/not sent again.*make the call again/));
    expect(requests).toHaveLength(1);
    expect(asked).toEqual([undefined, "secret-token-1"]);
  });

  it("sends a Request without a body once more", async () => {
    const { fetch, requests } = createApiUnderTest([expired(), ok()]);
    await fetch(new Request(`${apiUrl}/2.0/user`, { method: "DELETE" }));
    expect(requests).toMatchObject([{ method: "DELETE" }, { method: "DELETE" }]);
  });

  it("after a redirect repeats the last step alone", async () => {
    const { fetch, requests } = createApiUnderTest([redirectTo("/2.0/b"), expired(), ok()]);
    await fetch("/2.0/a");
    expect(requests.map(({ url }) => new URL(url).pathname)).toEqual(["/2.0/a", "/2.0/b", "/2.0/b"]);
  });

  it("gives up its body before it sends again", async () => {
    const { response, cancelled } = watchedResponse({ status: 401 });
    await createApiUnderTest([() => response, ok()]).fetch("/2.0/user");
    expect(cancelled()).toBe(true);
  });

  it("200 times over, staggered, refreshes once and sends each call at most twice", async () => {
    let current = "token-old";
    const rejected: string[] = [];
    const sends = new Map<string, number>();
    const answers: (() => void)[] = [];
    const apiFetch = createAuthenticatedFetch({
      apiUrl,
      accessToken: async (options) => {
        if (options.rejected === undefined) return current;
        rejected.push(options.rejected);
        if (options.rejected === current) current = "token-new";
        return current;
      },
      fetch: async (input, init) => {
        const { url } = new Request(input);
        sends.set(url, (sends.get(url) ?? 0) + 1);
        if (new Headers(init?.headers).get("authorization") === "Bearer token-new") return ok();
        await new Promise<void>((resolve) => answers.push(resolve));
        return expired();
      },
    });
    const calls = Array.from({ length: 200 }, (_, index) => apiFetch(`/2.0/calls/${index}`));
    await expect.poll(() => answers.length).toBe(200);
    for (const answer of answers) {
      answer();
      await Promise.resolve();
    }
    expect((await Promise.all(calls)).every(({ ok: good }) => good)).toBe(true);
    expect(new Set(rejected)).toEqual(new Set(["token-old"]));
    expect([...sends.values()].every((times) => times === 2)).toBe(true);
  });
});
