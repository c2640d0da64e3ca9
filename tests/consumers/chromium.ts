import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { LaunchOptions } from "playwright-core";

/** A Chromium of this machine. */
export interface Chromium {
  readonly executablePath: string;
  /** What it is started with: nothing it does by itself should reach the network. */
  readonly launchOptions: LaunchOptions;
}

const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * The Chromium that a distribution's package puts on PATH. `null` when there is none, which is said aloud, and an error where
 * `CI` is `true`: there a browser test that did not run would look like one that passed.
 */
export async function findChromium(): Promise<Chromium | null> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter).filter(Boolean)) {
    const executablePath = join(folder, "chromium");
    const found = await access(executablePath, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return { executablePath, launchOptions: { executablePath, args } };
  }
  const message =
    "There is no `chromium` on PATH: what needs a browser does NOT run (apt-get install chromium)";
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(message);
  return null;
}
