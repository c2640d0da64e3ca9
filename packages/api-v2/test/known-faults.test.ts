import http from "node:http";
import https from "node:https";
import { createRequire } from "node:module";
import { isBitbucketAuthError } from "@bitbucket-auth/core";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createBitbucketAPI, type BitbucketAPI } from "../src/index.ts";
import { rejectionOf } from "./signed-in-api.ts";
import { startWireServer, type WireRequest } from "./wire-server.ts";

const plainPackage = createRequire(import.meta.url)("bitbucket-api-v2");
const wire = await startWireServer();
afterAll(() => wire[Symbol.asyncDispose]());
beforeEach(() => {
  wire.requests.length = 0;
  wire.answer = { status: 200, body: "{}" };
});

// The plain package knows one address only, over TLS: its requests are led to the server here, as they are.
vi.spyOn(https, "request").mockImplementation(((
  options: https.RequestOptions,
  callback: (res: http.IncomingMessage) => void,
) =>
  http.request(
    { ...options, protocol: "http:", hostname: "127.0.0.1", port: wire.port, agent: false },
    callback,
  )) as typeof https.request);

type Make = (options: { accessToken?: string }) => BitbucketAPI;
const here: Make = (options) =>
  createBitbucketAPI({ ...options, endpoints: { apiUrl: `http://127.0.0.1:${wire.port}` } });
const plain: Make = (options) => plainPackage.createBitbucketAPI(options);

/** A fault of the plain package: what is expected, and does not hold there. */
interface Fault {
  readonly title: string;
  expectation(make: Make): Promise<void>;
}

const faults: readonly Fault[] = [
  {
    title: "promises reject on a 401",
    async expectation(make) {
      wire.answer = { status: 401, body: '{"error":{"message":"Access token expired."}}' };
      expect(isBitbucketAuthError(await rejectionOf(make({ accessToken: "t" }).get("user")))).toBe(true);
    },
  },
  {
    title: "a body that is not ASCII arrives whole",
    async expectation(make) {
      const api = make({ accessToken: "t" });
      await answered((done) =>
        api.repositories.createPullRequest("acme", "website", { title: "Grüße, 世界" }, done),
      );
      expect(last()?.body).toBe('{"title":"Grüße, 世界"}');
    },
  },
  {
    title: "a PUT has its body in the body",
    async expectation(make) {
      const api = make({ accessToken: "t" });
      await answered((done) =>
        api.reviewers.addReviewer("acme", "website", "bob", { reason: "knows it" }, done),
      );
      expect(last()).toMatchObject({
        url: "/2.0/repositories/acme/website/default-reviewers/bob",
        body: '{"reason":"knows it"}',
      });
    },
  },
  {
    title: "no token, no Authorization header",
    async expectation(make) {
      const api = make({});
      await answered((done) => api.hookEvents.get(done));
      expect(last()?.headers["authorization"]).toBeUndefined();
    },
  },
  {
    title: "what one call is told does not leak into the next",
    async expectation(make) {
      const api = make({ accessToken: "t" });
      await answered((done) => api.downloads.upload("acme", "website", { note: "x" }, done));
      await answered((done) => api.repositories.createPullRequest("acme", "website", { title: "x" }, done));
      expect(last()?.headers["content-type"]).toBe("application/json");
    },
  },
  {
    title: "a form is one",
    async expectation(make) {
      const api = make({ accessToken: "t" });
      await answered((done) => api.downloads.upload("acme", "website", { note: "größer" }, done));
      expect(last()?.headers["content-type"]).toMatch(/^multipart\/form-data; *boundary=/);
      expect(last()?.body).toContain('name="note"\r\n\r\ngrößer\r\n');
    },
  },
  {
    title: "a body that the package wraps in `_body` is unwrapped",
    async expectation(make) {
      const api = make({ accessToken: "t" });
      await answered((done) => api.pullRequests.create("acme", "website", { title: "x" }, done));
      expect(last()?.body).toBe('{"title":"x"}');
    },
  },
  {
    title: "a method without a callback answers a promise",
    async expectation(make) {
      wire.answer = { status: 200, body: '{"username":"alice"}' };
      expect(await make({ accessToken: "t" }).user.get()).toEqual({ username: "alice" });
    },
  },
  {
    title: "the groups are in `promised`",
    async expectation(make) {
      wire.answer = { status: 200, body: '{"username":"alice"}' };
      expect(await make({ accessToken: "t" }).promised.user.get()).toEqual({ username: "alice" });
    },
  },
  {
    title: "deAuthenticate() stops sending the token",
    async expectation(make) {
      const api = make({ accessToken: "t" });
      await answered((done) => api.deAuthenticate().user.get(done));
      expect(last()?.headers["authorization"] ?? "").not.toContain("Bearer");
    },
  },
  {
    title: "authorizeOAuth2() says what to use",
    async expectation(make) {
      const api = make({}) as BitbucketAPI & { authorizeOAuth2(clientId: string): void };
      expect(() => api.authorizeOAuth2("client")).toThrow("startAuthorization()");
    },
  },
  {
    title: "pipelines.getStep() can be called",
    async expectation(make) {
      const api = make({ accessToken: "t" });
      await answered((done) => api.pipelines.getStep("acme", "website", "{p}", "{s}", done));
      expect(last()?.url).toBe("/2.0/repositories/acme/website/pipelines/%7Bp%7D/steps/%7Bs%7D");
    },
  },
];

describe.each(faults)("$title", ({ expectation }) => {
  it("here", async () => {
    await expect(expectation(here)).resolves.toBeUndefined();
  });

  it("and not in the plain package", async () => {
    await expect(expectation(plain)).rejects.toThrow(Error);
  });
});

function last(): WireRequest | undefined {
  return wire.requests.at(-1);
}

function answered(call: (done: (error: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => call((error) => (error == null ? resolve() : reject(error))));
}
