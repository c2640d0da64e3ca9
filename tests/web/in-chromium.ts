import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";
import { launchChromium, openContext } from "../express/chromium.ts";

/** An example app as users go through it. */
export interface BrowsedApp {
  readonly url: string;
  /** A page behind the guard, and its heading. */
  readonly guarded: readonly [path: string, heading: string];
}

/** Signs in with the consent page, signs out, and looks behind with the back button; `javaScriptEnabled` or not. */
export async function signInAndOut(
  browser: Browser,
  { url, guarded: [path, heading] }: BrowsedApp,
  options: { readonly javaScriptEnabled?: boolean } = {},
): Promise<void> {
  const { context, complaints } = await openContext(browser, options);
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole("link", { name: "Sign in with Bitbucket" }).click();
  await page.getByRole("button", { name: "Grant access" }).click();
  await page.getByRole("heading", { name: heading }).waitFor();
  expect(page.url()).toBe(url + path);
  await page.getByRole("link", { name: "Home" }).click();
  await page.getByRole("heading", { name: /^Hello, / }).waitFor();
  expect((await context.cookies()).map(({ name }) => name)).toEqual(["bb_session"]);

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Welcome" }).waitFor();
  expect(await context.cookies()).toEqual([]);
  // Back over a page that was shown signed in: what is there now is asked anew.
  await page.goto(url + path);
  await page.getByRole("button", { name: "Grant access" }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
}

/** A browser as users have it: Playwright's own would never bring a page back from memory. */
export function launchWithBackForwardCache(): Promise<Browser> {
  return launchChromium({ ignoreDefaultArgs: ["--disable-back-forward-cache"] });
}

/**
 * Signs out, then presses the back button until there is nothing further back: of none of the pages behind it that were shown
 * signed in is there anything to be seen, not even from the browser's memory.
 */
export async function goBackAfterSignOut(
  browser: Browser,
  { url, guarded: [path, heading] }: BrowsedApp,
  options: { readonly javaScriptEnabled?: boolean } = {},
): Promise<void> {
  const { context } = await openContext(browser, options);
  const page = await context.newPage();
  await page.goto(url + path);
  await page.getByRole("button", { name: "Grant access" }).click();
  await page.getByRole("heading", { name: heading }).waitFor();
  await page.getByRole("link", { name: "Home" }).click();
  await page.getByRole("heading", { name: /^Hello, / }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Welcome" }).waitFor();
  const seen: (string | null)[] = [];
  for (let back = 0; back < 3; back++) {
    // Note: a document that is brought back loads nothing, so there is no `load` to wait for.
    await page.goBack({ waitUntil: "commit" });
    seen.push(await page.getByRole("heading").first().textContent());
  }
  expect(seen.filter((text) => text === heading || text?.startsWith("Hello"))).toEqual([]);
  expect(seen[0]).toBe("Welcome");
  await context.close();
}

/** Opens tabs, lets all of them reach the consent page, then consents in each, last first. */
export async function signInInTabs(
  browser: Browser,
  { url, guarded: [path, heading] }: BrowsedApp,
  count: number,
): Promise<void> {
  const { context } = await openContext(browser);
  const tabs: Page[] = [];
  for (let tab = 0; tab < count; tab++) {
    const page = await context.newPage();
    await page.goto(`${url}${path}?tab=${tab}`);
    tabs.push(page);
  }
  for (const page of tabs.toReversed()) await page.getByRole("button", { name: "Grant access" }).click();
  for (const page of tabs) await page.getByRole("heading", { name: heading }).waitFor();
  expect((await context.cookies()).map(({ name }) => name)).toEqual(["bb_session"]);
  await context.close();
}

/** Comes back to the callback by the back button, signed in: there is no error to be seen. */
export async function goBackToCallback(
  browser: Browser,
  { url, guarded: [path, heading] }: BrowsedApp,
): Promise<void> {
  const { context } = await openContext(browser);
  const page = await context.newPage();
  const callback = page.waitForRequest(/\/callback\?/);
  await page.goto(url + path);
  await page.getByRole("button", { name: "Grant access" }).click();
  await page.getByRole("heading", { name: heading }).waitFor();
  await page.goBack();
  await page.goForward();
  await page.getByRole("heading", { name: heading }).waitFor();
  await page.goto((await callback).url());
  await page.getByRole("heading", { name: /^Hello, / }).waitFor();
  expect(page.url()).toBe(`${url}/`);
  await context.close();
}
