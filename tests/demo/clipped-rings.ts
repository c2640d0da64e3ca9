import type { Page } from "playwright-core";

/**
 * The names of what can be focused on a page and whose focus ring is cut off, by an ancestor that hides what overflows it.
 *
 * It runs inside the page, so it can use nothing from outside itself. Focus must be moved by keys first: browsers show rings
 * to those who use them.
 */
function clippedRings(): { readonly looked: number; readonly clipped: readonly string[] } {
  const isClipped = (element: HTMLElement): boolean => {
    element.focus();
    const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(element);
    if (outlineStyle === "none") return true;
    const reach = parseFloat(outlineWidth) + parseFloat(outlineOffset);
    const ring = element.getBoundingClientRect();
    for (let around = element.parentElement; around !== null; around = around.parentElement) {
      if (getComputedStyle(around).overflowX === "visible") continue;
      const frame = around.getBoundingClientRect();
      const fits =
        ring.left - reach >= frame.left &&
        ring.right + reach <= frame.right &&
        ring.top - reach >= frame.top &&
        ring.bottom + reach <= frame.bottom;
      if (!fits) return true;
    }
    return false;
  };
  const focusable = Array.from(document.querySelectorAll<HTMLElement>("a[href], button, select")).filter(
    (element) => element.getClientRects().length > 0,
  );
  const clipped = focusable.filter(isClipped).map((element) => element.textContent.trim());
  return { looked: focusable.length, clipped };
}

/** The rings that are cut off for a user who has just pressed a key. Rejects where there is nothing to focus. */
export async function clippedOn(page: Page): Promise<readonly string[]> {
  await page.keyboard.press("Tab");
  const { looked, clipped } = await page.evaluate(clippedRings);
  if (looked === 0) throw new Error(`Nothing on ${page.url()} can be focused.`);
  return clipped;
}
