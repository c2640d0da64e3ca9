import { chromium } from "playwright-core";
import { findChromium } from "../consumers/chromium.ts";
import type { FlowProject } from "./flow-project.ts";
import { readVerdict, type Verdict } from "./verdict.ts";

const html = `<!doctype html>
<link rel="icon" href="data:,">
<script type="module">
  const verdict = document.createElement("output");
  try {
    const { default: worker } = await import("/worker.js");
    verdict.textContent = await (await worker.fetch()).text();
  } catch (error) {
    verdict.textContent = JSON.stringify({ "load the bundle": String(error) });
  }
  document.body.append(verdict);
</script>`;

/** Opens a page that has the bundle and nothing else, and reads the verdict off it. */
export async function runInChromium(executablePath: string, { worker }: FlowProject): Promise<Verdict> {
  const found = await findChromium();
  const browser = await chromium.launch({ ...found?.launchOptions, executablePath });
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => complaints.push(message.text()));
    // Whatever else the page asks for is refused: it has no network.
    await page.route("**/*", (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === "/") return route.fulfill({ contentType: "text/html", body: html });
      if (pathname === "/worker.js") return route.fulfill({ contentType: "text/javascript", path: worker });
      return route.abort();
    });
    await page.goto("http://localhost/");
    const answer = await page.locator("output").textContent({ timeout: 60_000 });
    if (complaints.length > 0) throw new Error(`The page complained: ${complaints.join("\n")}`);
    return readVerdict(answer ?? "");
  } finally {
    await browser.close();
  }
}
