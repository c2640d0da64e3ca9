import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";

/** Keeps a picture of the page. Look at them when a page changes: the tests measure, they have no taste. */
export async function takePicture(page: Page, name: string): Promise<void> {
  const folder = fileURLToPath(new URL(".artifacts/", import.meta.url));
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: `${folder}${name}.png`, fullPage: true });
}
