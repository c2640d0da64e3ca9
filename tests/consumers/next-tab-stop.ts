import type { Page } from "playwright-core";

/** Presses Tab; answers what the stop says, or nothing where the page has no further one. */
export async function nextTabStop(page: Page): Promise<string | undefined> {
  await page.keyboard.press("Tab");
  return page.evaluate(() => {
    const stop = document.activeElement;
    if (!stop || stop === document.body || stop.hasAttribute("data-passed")) return undefined;
    stop.setAttribute("data-passed", "");
    return stop.textContent?.trim() ?? "";
  });
}
