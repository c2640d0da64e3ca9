import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type LaunchOptions,
  type Page,
} from "playwright-core";

const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";

/** Whether there is a browser to start. Without one tests are skipped, loudly; where `CI=true` that is an error. */
export const hasChromium: boolean = existsSync(executablePath);
if (!hasChromium) {
  const message = `There is no ${executablePath}. Install it (apt-get install chromium) or set CHROMIUM_PATH to run these tests.`;
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`SKIPPED: ${message}`);
}

/** A real browser that talks to this machine alone. */
export function launchChromium(options: Pick<LaunchOptions, "ignoreDefaultArgs"> = {}): Promise<Browser> {
  return chromium.launch({
    ...options,
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** How long something in a page may take, in milliseconds: short of a test's own limit, so that a failure says what it waited for. */
const patienceMs = 150_000;

/** A user's browser, and what its console complained of: a blocked script or style among it. */
export async function openContext(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ context: BrowserContext; complaints: string[] }> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(patienceMs);
  const complaints: string[] = [];
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  context.on("weberror", (error) => complaints.push(error.error().message));
  return { context, complaints };
}

/** Keeps a picture of the page among the artifacts. */
export async function takePicture(page: Page, name: string): Promise<void> {
  const folder = fileURLToPath(new URL(".artifacts/", import.meta.url));
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: `${folder}${name}.png`, fullPage: true });
}
