import { createServer } from "node:http";
import { once } from "node:events";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { createWorld, type World } from "@bitbucket-auth/web-suite/sample.js";
import { createBrowser } from "@bitbucket-auth/web-suite/browser.js";
import { describe, expect, it, vi } from "vitest";
import { type LoopbackOptions, type LoopbackSignIn, signInOnLoopback } from "../src/loopback.js";

/** A sign-in that is under way: where the browser is to go, and how it will end. */
async function started(options: Partial<LoopbackOptions> = {}, world: World = createWorld()) {
  let result = Promise.reject<LoopbackSignIn>(new Error("not started"));
  result.catch(() => undefined);
  const url = await new Promise<URL>((resolve, reject) => {
    const onUrl = (address: string): void => resolve(new URL(address));
    result = signInOnLoopback(world.auth, { port: 0, ...options, onUrl });
    result.catch(reject);
  });
  const callback = new URL(url.searchParams.get("redirect_uri") ?? "");
  return {
    ...world,
    url,
    callback,
    result,
    browser: createBrowser(async () => `http://127.0.0.1:${callback.port}`),
  };
}

/** A consumer whose registration takes any port of this machine, as the sign-ins of these tests do. */
function anyPort(): World {
  return createWorld({ bitbucket: { consumers: [{ callbackUrl: "http://localhost/callback" }] } });
}

const hasIpv6 = Object.values(networkInterfaces()).some((each) =>
  each?.some(({ address }) => address === "::1"),
);
const pathOf = ({ pathname, search }: URL): string => pathname + search;
const isListening = (port: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(Number(port), "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });

describe("signInOnLoopback()", () => {
  it("signs in, says so in the browser, and listens no more", async () => {
    const { url, mock, alice, auth, result, browser, callback } = await started({}, anyPort());
    expect(url.searchParams.get("code_challenge_method")).toBe("S256");
    const { redirect } = mock.authorize({ url: url.href, user: "alice" });
    const page = await browser.get(pathOf(redirect));
    expect([page.status, page.headers["cache-control"]]).toEqual([200, "no-store"]);
    expect(page.text).toContain("go back to the terminal");
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    const { account, tokens } = await result;
    expect(account).toBe(alice);
    expect(await auth.getAccessToken(alice)).toBe(tokens.accessToken);
    expect(mock.leaks(page.text)).toEqual([]);
    expect(await isListening(callback.port)).toBe(false);
  });

  it("keeps the grant under the account it is told", async () => {
    const { url, mock, result, browser } = await started({ account: "work" }, anyPort());
    await browser.get(pathOf(mock.authorize({ url: url.href }).redirect));
    expect((await result).account).toBe("work");
  });

  it("goes on waiting when something else calls: another state, another path, another method, another name", async () => {
    const { url, mock, result, browser, callback } = await started({}, anyPort());
    expect((await browser.get("/callback?code=theirs&state=theirs")).status).toBe(400);
    expect((await browser.get("/callback?code=theirs")).status).toBe(400);
    expect((await browser.get("/")).status).toBe(404);
    const { redirect } = mock.authorize({ url: url.href });
    expect((await browser.post(pathOf(redirect))).status).toBe(405);
    expect((await browser.get(pathOf(redirect), { Host: "evil.example" })).status).toBe(404);
    const { port } = callback;
    expect((await browser.get(pathOf(redirect), { Host: `localhost:${port}` })).status).toBe(200);
    await expect(result).resolves.toHaveProperty("account");
  });

  it("takes a callback once", async () => {
    const { url, mock, result, browser } = await started({}, anyPort());
    const path = pathOf(mock.authorize({ url: url.href }).redirect);
    // The one that comes second may find the listener closed already.
    const get = async (): Promise<number | undefined> =>
      (await browser.get(path).catch(() => undefined))?.status;
    const statuses = await Promise.all([get(), get()]);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    await result;
    expect(mock.requests.token("authorization_code")).toHaveLength(1);
  });

  it("waits for the end of a sign-in whose callback came in time", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const world = anyPort();
      let [goOn, begin] = [(): void => undefined, (): void => undefined];
      const held = new Promise<void>((resolve) => (goOn = resolve));
      const begun = new Promise<void>((resolve) => (begin = resolve));
      const finishAuthorization: World["auth"]["finishAuthorization"] = async (answer) => {
        begin();
        await held;
        return world.auth.finishAuthorization(answer);
      };
      const slow = { ...world, auth: { ...world.auth, finishAuthorization } };
      const { url, mock, result, browser, alice } = await started({ timeoutMs: 60_000 }, slow);
      const page = browser.get(pathOf(mock.authorize({ url: url.href, user: "alice" }).redirect));
      await begun;
      vi.advanceTimersByTime(60_000);
      goOn();
      expect((await page).text).toContain("You are signed in");
      expect((await result).account).toBe(alice);
    } finally {
      vi.useRealTimers();
    }
  });

  it("rejects for a no, and says so in the browser", async () => {
    const { url, mock, result, browser } = await started({}, anyPort());
    const page = await browser.get(pathOf(mock.deny({ url: url.href })));
    expect(page.status).toBe(403);
    await expect(result).rejects.toMatchObject({ code: "authorization_denied" });
  });

  it("gives up after a while, or when it is told to", async () => {
    const late = await started({ timeoutMs: 1 }, anyPort());
    await expect(late.result).rejects.toMatchObject({ code: "authorization_callback_invalid" });
    const stop = new AbortController();
    const { result, callback } = await started({ signal: stop.signal }, anyPort());
    stop.abort(new Error("enough"));
    await expect(result).rejects.toThrow("enough");
    expect(await isListening(callback.port)).toBe(false);
  });

  it("says which port is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const { auth } = anyPort();
    await expect(signInOnLoopback(auth, { port, onUrl: () => undefined })).rejects.toMatchObject({
      code: "invalid_options",
      message: expect.stringMatching(new RegExp(`${port}.*EADDRINUSE`)),
    });
    taken.close();
  });

  // A browser may take `localhost` for either: the way back must not lead to another program.
  it.runIf(hasIpv6)(
    "refuses a port that another program has on ::1 alone, and lets go of its own",
    async () => {
      const taken = createServer().listen(0, "::1");
      await once(taken, "listening");
      const address = taken.address();
      const port = typeof address === "object" && address ? address.port : 0;
      const { auth } = anyPort();
      await expect(signInOnLoopback(auth, { port, onUrl: () => undefined })).rejects.toMatchObject({
        code: "invalid_options",
        message: expect.stringMatching(new RegExp(`${port}.*EADDRINUSE`)),
      });
      expect(await isListening(String(port))).toBe(false);
      taken.close();
    },
  );

  it.each([
    [{ port: -1 }, "port"],
    [{ host: "0.0.0.0" }, "host"],
    [{ path: "callback" }, "path"],
    [{ timeoutMs: 3_600_000 }, "timeoutMs"],
    [{ timeoutMs: "5000" }, "timeoutMs"],
    [{ account: "" }, "account"],
    [{ onUrl: "print" }, "onUrl"],
    [{ prot: 1 }, "prot"],
  ])("refuses %j before anything listens", async (options, name) => {
    const given = [anyPort().auth, { onUrl: () => undefined, ...options }];
    await expect(Reflect.apply(signInOnLoopback, undefined, given)).rejects.toMatchObject({
      code: "invalid_options",
      message: expect.stringContaining(name),
    });
  });
});
