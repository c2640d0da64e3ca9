import { existsSync, readFileSync } from "node:fs";
import { StorageError, type TokenStorage } from "@bitbucket-auth/core";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { bundlePath } from "./bundle-under-test.ts";
import type * as Bundle from "../src/global.ts";

const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";

/** Whether there is a browser to start. Without one tests are skipped with a message; where `CI=true` that is an error. */
export const hasChromium: boolean = existsSync(executablePath);
if (!hasChromium) {
  const message = `There is no ${executablePath}. Install it (apt-get install chromium) or set CHROMIUM_PATH to run these tests.`;
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`SKIPPED: ${message}`);
}

export const origin = "https://app.test";

export function launchChromium(ignoreDefaultArgs: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath,
    ignoreDefaultArgs: [...ignoreDefaultArgs],
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
}

/** A browser profile with nothing in it, and what the consoles of its pages printed. */
export interface Profile {
  readonly context: BrowserContext;
  readonly complaints: readonly string[];
  /** A tab at `origin`, which has loaded the minified bundle. */
  openTab(): Promise<Page>;
}

/** Serves pages with the bundle at `origin` under `default-src 'self'`; `tokenEndpoint` answers what they POST to `/token`. */
export async function openProfile(
  browser: Browser,
  tokenEndpoint: (request: Request) => Promise<Response> = async () => new Response(null, { status: 404 }),
): Promise<Profile> {
  const context = await browser.newContext();
  const complaints: string[] = [];
  context.on("console", (message) => void complaints.push(message.text()));
  context.on("weberror", (error) => void complaints.push(error.error().message));
  const headers = { "content-security-policy": "default-src 'self'" };
  const html = '<!doctype html><title>x</title><script src="/bitbucket-auth.min.js"></script>';
  const script = readFileSync(bundlePath("bitbucket-auth.min.js"), "utf8");
  // Nothing leaves this test: every request is answered here.
  await context.route("**/*", async (route) => {
    const request = route.request();
    const { pathname } = new URL(request.url());
    if (pathname === "/bitbucket-auth.min.js")
      return route.fulfill({ headers, contentType: "text/javascript", body: script });
    if (pathname !== "/token") return route.fulfill({ headers, contentType: "text/html", body: html });
    const answer = await tokenEndpoint(
      new Request(request.url(), {
        method: request.method(),
        headers: await request.allHeaders().then(withoutPseudoHeaders),
        body: request.postData(),
      }),
    );
    return route.fulfill({
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: await answer.text(),
    });
  });
  return {
    context,
    complaints,
    async openTab() {
      const page = await context.newPage();
      await page.goto(origin);
      return page;
    },
  };
}

function withoutPseudoHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(":")));
}

/** What the page keeps for the test: its storage, and the leases it has granted. */
declare global {
  var bitbucketAuth: typeof Bundle;
  var storageUnderTest: TokenStorage | undefined;
  var leasesUnderTest: Map<number, NonNullable<Awaited<ReturnType<TokenStorage["tryLease"]>>>> | undefined;
}

/** As JSON text, which can spell a lone surrogate; the protocol of the browser cannot. */
function spelled(text: string | null): string {
  return JSON.stringify(text);
}

/** A `StorageError` of the page, which arrives by its text alone. */
function typed(error: unknown): never {
  const [, message] = /StorageError: (.*)/.exec(String(error)) ?? [];
  throw message === undefined ? error : new StorageError(message);
}

/** A `createPageStorage()` of this tab as a `TokenStorage` of the test: each call runs in the page. */
export async function storageOf(page: Page, name: string): Promise<TokenStorage> {
  const listeners = new Map<string, Set<() => void>>();
  const caps = await page.evaluate((database) => {
    globalThis.leasesUnderTest = new Map();
    globalThis.storageUnderTest = bitbucketAuth.createPageStorage({ name: database });
    return { ...globalThis.storageUnderTest.caps };
  }, name);
  await page.exposeFunction(`tellTest${name}`, (key: string) => {
    for (const listener of listeners.get(key) ?? []) listener();
  });
  const isAborted = (options?: { readonly signal?: AbortSignal | undefined }): boolean =>
    options?.signal?.aborted ?? false;

  return {
    caps,
    async get(key, options) {
      const entry = await page
        .evaluate(
          async ({ key: asked, aborted }) => {
            const found = await storageUnderTest?.get(
              JSON.parse(asked),
              aborted ? { signal: AbortSignal.abort() } : {},
            );
            return found ? { version: found.version, bytes: [...found.bytes] } : null;
          },
          { key: spelled(key), aborted: isAborted(options) },
        )
        .catch(typed);
      return entry && { version: entry.version, bytes: Uint8Array.from(entry.bytes) };
    },
    async compareAndSwap(key, expected, bytes, { version, expireAt, ...options }) {
      const result = await page
        .evaluate(
          ({ call, content, aborted }) =>
            storageUnderTest?.compareAndSwap(
              JSON.parse(call.key),
              JSON.parse(call.expected),
              Uint8Array.from(content),
              {
                version: JSON.parse(call.version),
                ...(call.expireAt !== undefined && { expireAt: call.expireAt }),
                ...(aborted && { signal: AbortSignal.abort() }),
              },
            ),
          {
            call: { key: spelled(key), expected: spelled(expected), version: spelled(version), expireAt },
            content: [...bytes],
            aborted: isAborted(options),
          },
        )
        .catch(typed);
      return result ?? { ok: false, current: null };
    },
    async delete(key, options) {
      const version = options?.version === undefined ? undefined : spelled(options.version);
      const hadEntry = await page
        .evaluate(
          (call) =>
            storageUnderTest?.delete(JSON.parse(call.key), {
              ...(call.version !== undefined && { version: JSON.parse(call.version) }),
              ...(call.aborted && { signal: AbortSignal.abort() }),
            }),
          { key: spelled(key), version, aborted: isAborted(options) },
        )
        .catch(typed);
      return hadEntry ?? false;
    },
    async tryLease(key, { owner, ttlMs, ...options }) {
      const granted = await page
        .evaluate(
          async (call) => {
            const lease = await storageUnderTest?.tryLease(JSON.parse(call.key), {
              owner: JSON.parse(call.owner),
              ttlMs: call.ttlMs,
              ...(call.aborted && { signal: AbortSignal.abort() }),
            });
            if (!lease || !leasesUnderTest) return null;
            const id = leasesUnderTest.size;
            leasesUnderTest.set(id, lease);
            return { id, fence: lease.fence };
          },
          { key: spelled(key), owner: spelled(owner), ttlMs, aborted: isAborted(options) },
        )
        .catch(typed);
      if (!granted) return null;
      const { id, fence } = granted;
      return {
        fence,
        renew: async (renewedTtlMs) =>
          (await page.evaluate(async ([of, ms]) => leasesUnderTest?.get(of)?.renew(ms), [
            id,
            renewedTtlMs,
          ] as const)) ?? false,
        release: () => page.evaluate(async (of) => leasesUnderTest?.get(of)?.release(), id),
      };
    },
    async *list(prefix) {
      yield* await page.evaluate(async (start) => {
        const keys: string[] = [];
        for await (const key of storageUnderTest?.list?.(start) ?? []) keys.push(key);
        return keys;
      }, prefix);
    },
    watch(key, onChange) {
      const known = listeners.get(key) ?? new Set();
      listeners.set(key, known.add(onChange));
      // One watcher in the page for each key: which of the test's listeners hear it is decided here.
      void page.evaluate(
        ([asked, of]) => {
          const tell: unknown = Reflect.get(globalThis, `tellTest${of}`);
          storageUnderTest?.watch?.(asked, () => typeof tell === "function" && tell(asked));
        },
        [key, name] as const,
      );
      return () => void known.delete(onChange);
    },
    close: () => page.evaluate(() => storageUnderTest?.close()),
  };
}
