import type { Page } from "playwright-core";

/** Signs alice in on the single-page app, from wherever its page is. */
export async function signInAtBackend(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign in with Bitbucket" }).click();
  await page.getByRole("button", { name: "Grant access" }).click();
}

/** Signs alice in on the static page and waits until it knows her. */
export async function signInAtStaticPage(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: "Grant access" }).click();
  await statusOf(page, "Signed in as Alice Example.");
}

/** Waits until the page says so to those who listen to it. */
export async function statusOf(page: Page, text: string): Promise<void> {
  await page.getByRole("status").getByText(text, { exact: true }).waitFor();
}
