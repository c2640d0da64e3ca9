import type { BitbucketMockServer } from "@bitbucket-auth/testing/server";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { worstContrast } from "./worst-contrast.ts";

/** The screens that pages are looked at on. */
export const screens = { phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 800 } } as const;

/** Each page of the fake, on each screen, in each colour scheme. */
export const views = (["consent", "invalid-callback", "inspector"] as const).flatMap((name) =>
  (["phone", "desktop"] as const).flatMap((screen) =>
    (["light", "dark"] as const).map((colorScheme) => ({ name, screen, colorScheme })),
  ),
);

/** Where a page of the fake is. */
export function addressOf(name: (typeof views)[number]["name"], { url, mock }: BitbucketMockServer): string {
  if (name === "inspector") return `${url}/_mock`;
  const clientId = mock.consumers[0]?.clientId ?? "";
  const wrong = name === "invalid-callback" ? "&redirect_uri=https://elsewhere.example/" : "";
  return `${mock.urls.authorize}?response_type=code&client_id=${clientId}${wrong}`;
}

/** Takes a picture of a page, and expects that it is no wider than its screen and that its text can be read. */
export async function expectReadable(page: Page, path: string): Promise<void> {
  await page.screenshot({ path, fullPage: true });
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(sideways).toBeLessThanOrEqual(0);
  // WCAG 2.2, 1.4.3: what ordinary text needs.
  expect((await page.evaluate(worstContrast)).ratio).toBeGreaterThanOrEqual(4.5);
}
