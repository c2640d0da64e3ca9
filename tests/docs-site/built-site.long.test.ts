import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchChromium, openContext } from "../express/chromium.ts";
import { brokenWords } from "./broken-words.ts";
import { addressesOf, loadedBy, readPages, type BuiltPage } from "./site-links.ts";
import { buildSite, serveSite, type ServedSite } from "./site-process.ts";

let folder = "";
let pages: ReadonlyMap<string, BuiltPage> = new Map();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "docs-site-"));
  await buildSite(folder);
  pages = await readPages(folder);
}, 10 * 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the built site", () => {
  it("has a page for the README, each guide, each decision, each package and each exported name", () => {
    const paths = [...pages.keys()];
    expect(paths).toContain("index.html");
    expect(paths).toContain("docs/guides/write-a-storage.html");
    expect(paths).toContain("docs/decisions/0001-esm-only.html");
    expect(paths).toContain("docs/decisions/index.html");
    expect(paths).toContain("contributing.html");
    expect(paths).toContain("api/core.html");
    expect(paths).toContain("api/core/createBitbucketAuth.html");
    expect(paths).toContain("api/testing/storage-contract/describeStorageContract.html");
  });

  it("shows signatures as they are written", () => {
    const html = pages.get("api/core/internal/createAuthenticatedFetch.html")?.html ?? "";
    const text = html.replaceAll(/<[^>]+>/g, "");
    expect(text).toContain("createAuthenticatedFetch(options: AuthenticatedFetchOptions): typeof fetch");
  });

  it("shows a diagram without the colours of TypeScript, and the code beside it with them", () => {
    expect(pages.get("docs/how-tokens-flow.html")?.html).toContain('<pre class="plain">');
    expect(pages.get("index.html")?.html).toMatch(/<code class="ts"><span class="hl-/);
  });

  it("leads to nothing that is not there", () => {
    const dead: string[] = [];
    for (const page of pages.values())
      for (const { host, pathname, hash, href } of addressesOf(page)) {
        if (host !== "site") continue;
        const path = decodeURIComponent(pathname).slice(1) || "index.html";
        const anchor = decodeURIComponent(hash.slice(1));
        const target = pages.get(path.endsWith("/") ? `${path}index.html` : path);
        const isThere = target ? anchor === "" || target.anchors.has(anchor) : existsSync(join(folder, path));
        if (!isThere) dead.push(`${page.path} → ${href}`);
      }
    expect(dead).toEqual([]);
  });

  it("loads nothing from elsewhere", () => {
    const foreign = [...pages.values()].flatMap((page) =>
      loadedBy(page).filter(({ host, protocol }) => host !== "site" && protocol !== "data:"),
    );
    expect(foreign).toEqual([]);
  });
});

describe.skipIf(!hasChromium)("the site in a browser", () => {
  let browser: Browser;
  let site: ServedSite;
  beforeAll(async () => {
    [browser, site] = await Promise.all([launchChromium(), serveSite(folder)]);
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await site.close();
  });

  /** A page with no network but the site, and what went wrong on it. */
  async function open(
    path: string,
    options?: BrowserContextOptions,
  ): Promise<{ page: Page; complaints: string[]; foreign: string[] }> {
    const { context, complaints } = await openContext(browser, options);
    const foreign: string[] = [];
    await context.route("**/*", (route) => {
      const url = route.request().url();
      if (url.startsWith(site.url)) return route.continue();
      foreign.push(url);
      return route.abort();
    });
    const page = await context.newPage();
    await page.goto(site.url + path);
    await page.locator("#tsd-nav-container a").first().waitFor({ state: "attached" });
    return { page, complaints, foreign };
  }

  it("loads nothing from another host and prints no error, on every page of prose", async () => {
    const { page, complaints, foreign } = await open("");
    for (const path of proseOf(pages)) {
      await page.goto(site.url + path);
      await page.locator("#tsd-nav-container a").first().waitFor();
    }
    expect({ complaints, foreign }).toEqual({ complaints: [], foreign: [] });
    await page.context().close();
  });

  it("has a navigation in which every entry leads somewhere, and every page of prose is there", async () => {
    const { page } = await open("");
    const links = await page
      .locator("#tsd-nav-container a")
      .evaluateAll((entries) =>
        entries.map((entry) => (entry instanceof HTMLAnchorElement ? entry.href : "")),
      );
    const named = new Set(links.map((link) => decodeURIComponent(link.replace(site.url, ""))));
    expect([...named].filter((path) => !pages.has(path))).toEqual([]);
    // The page one starts at, and typedoc's own list of modules.
    expect(proseOf(pages).filter((path) => !named.has(path))).toEqual(["index.html", "modules.html"]);
    await page.context().close();
  });

  it("finds an exported name, and goes to its page", async () => {
    const { page, complaints } = await open("docs/guides/write-a-storage.html");
    await page.getByRole("button", { name: "Search" }).click();
    // Note: at once. Letter by letter, the results of a word half typed could be taken.
    await page.getByRole("combobox").fill("createFileStorage");
    await page.getByRole("option").first().waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/api/storage-file/createFileStorage.html*");
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("createFileStorage");
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("finds words of a guide", async () => {
    const { page } = await open("");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("combobox").fill("noeviction");
    const found = page.getByRole("option");
    await found.first().waitFor();
    expect(await found.allTextContents()).toContain("Many hosts");
    await page.context().close();
  });

  it("can be read without a mouse", async () => {
    const { page } = await open("");
    const inNavigation = (): Promise<string | null | undefined> =>
      page.evaluate(
        () => document.activeElement?.closest(".site-menu") && document.activeElement.textContent,
      );
    const stops = await page.locator("a, button, summary, select, input, [tabindex], pre").count();
    let reached: string | null | undefined;
    for (let presses = 0; presses < stops && reached !== "How tokens flow"; presses++) {
      await page.keyboard.press("Tab");
      reached = await inNavigation();
    }
    expect(reached).toBe("How tokens flow");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/docs/how-tokens-flow.html");
    await page.context().close();
  });

  it("follows the system's light and dark, and a choice made on the page", async () => {
    const { page } = await open("", { colorScheme: "dark" });
    const background = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await background();
    await page.emulateMedia({ colorScheme: "light" });
    const light = await background();
    expect(light).not.toBe(dark);
    await page.getByText("Settings").click();
    await page.getByLabel("Theme").selectOption("Dark");
    expect(await background()).toBe(dark);
    await page.context().close();
  });

  it("fits on a telephone: what is wide scrolls by itself, and no word of a table is broken", async () => {
    const { page } = await open("", { viewport: { width: 390, height: 844 } });
    const tooWide: string[] = [];
    const broken: string[] = [];
    const someReference = [...pages.keys()].filter((_path, index) => index % 10 === 0);
    for (const path of [...proseOf(pages), ...someReference]) {
      await page.goto(site.url + path);
      if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) tooWide.push(path);
      broken.push(...(await page.evaluate(brokenWords)).map((word) => `${path}: ${word}`));
    }
    expect({ tooWide, broken }).toEqual({ tooWide: [], broken: [] });
    await page.context().close();
  });
});

/** The pages of prose, and the first of each package. */
function proseOf(all: ReadonlyMap<string, BuiltPage>): string[] {
  return [...all.keys()].filter((path) => !/^api\/.*\//.test(path));
}
