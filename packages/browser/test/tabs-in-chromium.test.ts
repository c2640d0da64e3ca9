import { createBitbucketMock, type BitbucketMock } from "@bitbucket-auth/testing";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { deferred } from "./fake-platform.ts";
import { hasChromium, launchChromium, openProfile, origin, type Profile } from "./chromium.ts";

/** A grant whose access token has expired, as an earlier bundle with functions over local storage saved it. */
interface ExpiredGrant {
  readonly key: string;
  readonly consumerKey: string;
  readonly consumerSecret: string;
  readonly entry: Readonly<Record<string, unknown>>;
}

function issueExpiredGrant(mock: BitbucketMock): ExpiredGrant {
  const grant = mock.issueGrant({});
  const { clientId, clientSecret } = grant.clientOptions;
  const key = `${new URL(origin).host}/${clientId}/user/default`;
  const { refreshToken } = grant.tokens;
  const entry = {
    accessToken: "expired",
    refreshToken,
    expiresAt: 1_700_007_200_000,
    obtainedAt: 1_700_000_000_000,
    tokenType: "bearer",
    key,
  };
  return { key, consumerKey: clientId, consumerSecret: clientSecret, entry };
}

/** Calls `bitbucketAuth.getAccessToken()` in the page this many times at once; answers the tokens, or the codes of errors. */
function askIn(
  page: Page,
  grant: ExpiredGrant,
  way: "page storage" | "functions",
  callers: number,
): Promise<string[]> {
  return page.evaluate(
    ({ consumerKey, consumerSecret, times, isByFunctions, tokenUrl }) => {
      const functions = {
        loadConfig: ({ key }: { readonly key: string }): unknown =>
          JSON.parse(localStorage.getItem(key) ?? "null"),
        saveConfig: (config: object, { key }: { readonly key: string }) =>
          localStorage.setItem(key, JSON.stringify(config)),
      };
      const storage = isByFunctions ? functions : bitbucketAuth.createPageStorage();
      const config = { consumerKey, consumerSecret, endpoints: { tokenUrl }, storage };
      return Promise.all(
        Array.from({ length: times }, () =>
          bitbucketAuth
            .getAccessToken(config)
            .catch((error: unknown) => String(Reflect.get(Object(error), "code"))),
        ),
      );
    },
    {
      consumerKey: grant.consumerKey,
      consumerSecret: grant.consumerSecret,
      times: callers,
      isByFunctions: way === "functions",
      tokenUrl: `${origin}/token`,
    },
  );
}

describe.skipIf(!hasChromium)("tabs of one origin, in Chromium", () => {
  let browser: Browser;
  let profile: Profile | undefined;
  beforeAll(async () => {
    browser = await launchChromium(["--disable-back-forward-cache"]);
  }, 60_000);
  afterEach(() => profile?.context.close());
  afterAll(() => browser.close());

  /** Tabs on a fake Bitbucket whose grant is in local storage. `hold` may keep a token request from reaching it. */
  async function open(
    tabs: number,
    { mock = createBitbucketMock({ profile: "strict" }), hold = async (): Promise<void> => undefined } = {},
  ): Promise<{ mock: BitbucketMock; grant: ExpiredGrant; pages: readonly Page[]; opened: Profile }> {
    const opened = await openProfile(browser, async (request) => {
      await hold();
      return mock.fetch(new Request(mock.urls.token, request));
    });
    profile = opened;
    const grant = issueExpiredGrant(mock);
    const pages = await Promise.all(Array.from({ length: tabs }, () => opened.openTab()));
    await pages[0]?.evaluate(([key, text]) => localStorage.setItem(key, text), [
      grant.key,
      JSON.stringify(grant.entry),
    ] as const);
    await untilAllSeeTheSame(pages, grant.key);
    return { mock, grant, pages, opened };
  }

  it("a page under default-src 'self' has the whole global, and a client and a token from it", async () => {
    const { opened, mock, grant } = await open(1);
    const page = await opened.openTab();
    const seen = await page.evaluate(() => ({
      names: Object.keys(bitbucketAuth).toSorted(),
      isClient:
        bitbucketAuth.createBitbucketClient({ backend: "/auth/bitbucket" }) instanceof
        bitbucketAuth.BitBucketClient,
    }));
    expect(seen).toEqual({
      names: [
        "BitBucketClient",
        "LocalStorage",
        "SessionStorage",
        "createBitbucketClient",
        "createPageStorage",
        "getAccessToken",
        "isBitbucketAuthError",
      ],
      isClient: true,
    });
    const stranger = { ...grant, consumerKey: "unknown" };
    expect(await askIn(page, stranger, "page storage", 1)).toEqual(["token_request_rejected"]);
    expect(await askIn(page, grant, "functions", 1)).toEqual([expect.stringMatching(/^\S{100,}$/)]);
    expect(mock.requests.token("refresh_token")).toHaveLength(1);
    // The refusal of the unknown consumer; nothing that the policy of the page had to block.
    await expect.poll(() => opened.complaints).toEqual([expect.stringContaining("status of 400")]);
  }, 60_000);

  it.each(["page storage", "functions"] as const)(
    "5 tabs of 20 callers send one token request for one expired grant, three times over (%s)",
    async (way) => {
      const { mock, grant, pages, opened } = await open(5);
      const seen = new Set<string>();
      for (let round = 1; round <= 3; round++) {
        const answers = (await Promise.all(pages.map((page) => askIn(page, grant, way, 20)))).flat();
        expect(answers).toHaveLength(100);
        expect(new Set(answers).size).toBe(1);
        expect(answers[0]).toMatch(/^\S{100,}$/);
        seen.add(answers[0] ?? "");
        expect(mock.requests.token("refresh_token")).toHaveLength(round);
        await expire(pages[0], way);
        await untilAllSeeTheSame(pages, grant.key);
      }
      expect(seen.size).toBe(3);
      expect(mock.reuseCount).toBe(0);
      expect(opened.complaints).toEqual([]);
    },
    120_000,
  );

  it("a tab that is closed before its token request arrives leaves the grant to the others at once", async () => {
    const arrived = deferred();
    const held: Promise<void>[] = [];
    const { mock, grant, pages } = await open(2, {
      hold: async () => {
        if (held.length > 0) return;
        held.push(new Promise(() => undefined));
        arrived.resolve();
        await held[0];
      },
    });
    const [closed, other] = pages;
    if (!closed || !other) throw new Error("Two tabs were opened.");
    // The other tab's clock stands still before the lapse of the lease: it has to see that the holder is gone.
    await other.evaluate(() => {
      const soon = Date.now() + 10_000;
      Date.now = () => soon;
    });
    void askIn(closed, grant, "page storage", 1).catch(() => undefined);
    await arrived.promise;
    const waiting = askIn(other, grant, "page storage", 10);
    await closed.close();
    const answers = await waiting;
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^\S{100,}$/);
    expect(mock.requests.token("refresh_token")).toHaveLength(1);
    expect(mock.reuseCount).toBe(0);
  }, 60_000);

  it("a page with a page storage still comes back from the back-forward cache", async () => {
    const { grant, pages } = await open(1);
    const [page] = pages;
    if (!page) throw new Error("One tab was opened.");
    const before = await askIn(page, grant, "page storage", 3);
    await page.evaluate(() => Object.assign(window, { isTheSame: true }));
    await page.goto("https://elsewhere.test/");
    await page.goBack({ waitUntil: "commit" });
    expect(await page.evaluate(() => "isTheSame" in window)).toBe(true);
    expect(await askIn(page, grant, "page storage", 3)).toEqual(before);
  }, 60_000);
});

/** Tabs have processes of their own, and show what the first wrote to local storage a moment later. */
async function untilAllSeeTheSame(pages: readonly Page[], key: string): Promise<void> {
  const entries = (): Promise<(string | null)[]> =>
    Promise.all(pages.map((page) => page.evaluate((of) => localStorage.getItem(of), key)));
  await expect.poll(async () => new Set(await entries()).size).toBe(1);
}

/** Sets the expiry of what is stored to the past, where it is. */
async function expire(page: Page | undefined, way: "page storage" | "functions"): Promise<void> {
  await page?.evaluate(async (isByFunctions) => {
    const expired = (text: string): string =>
      JSON.stringify({
        ...JSON.parse(text),
        accessExpiresAt: 1_700_007_200_000,
        obtainedAt: 1_700_000_000_000,
      });
    if (isByFunctions) {
      for (const key of Object.keys(localStorage))
        localStorage.setItem(key, expired(localStorage.getItem(key) ?? "{}"));
      return;
    }
    const storage = bitbucketAuth.createPageStorage();
    for await (const key of storage.list?.("") ?? []) {
      const entry = await storage.get(key);
      if (!entry) continue;
      const bytes = new TextEncoder().encode(expired(new TextDecoder().decode(entry.bytes)));
      await storage.compareAndSwap(key, entry.version, bytes, { version: crypto.randomUUID() });
    }
    await storage.close();
  }, way === "functions");
}
