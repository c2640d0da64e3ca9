import { once } from "node:events";
import { createServer } from "node:http";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchChromium, openContext } from "../express/chromium.ts";
import { type RunningExample, startExample } from "./example.ts";

/** The opener's side of the handshake, as the CMS's own authenticator has it. */
const cmsPage = (authUrl: string): string => `<!doctype html>
<title>CMS</title>
<button>Login</button><output></output>
<script>
const authUrl = ${JSON.stringify(authUrl)};
const authOrigin = new URL(authUrl).origin;
let popup;
document.querySelector("button").onclick = () => {
  popup = open(authUrl, "auth", "width=500,height=500");
};
addEventListener("message", (event) => {
  if (event.origin !== authOrigin) return;
  if (event.data === "authorizing:bitbucket") return popup.postMessage(event.data, event.origin);
  const [, kind, content] = /^authorization:bitbucket:(\\w+):(.*)$/.exec(event.data) ?? [];
  document.querySelector("output").textContent = kind + " " + content;
  popup.close();
});
</script>`;

/** A site of its own origin. */
async function serveSite(page: () => string): Promise<{ origin: string; close(): void }> {
  const server = createServer((_req, res) => res.setHeader("Content-Type", "text/html").end(page()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    close: () => void server.close(),
  };
}

/** Waits until a window is closed. One that closes at once may be gone before a test can wait for it. */
async function closed(window: Page): Promise<void> {
  if (!window.isClosed()) await window.waitForEvent("close");
}

describe.runIf(hasChromium)("the sign-in server for a CMS, in Chromium", () => {
  let browser: Browser;
  let server: RunningExample;
  let cms: Awaited<ReturnType<typeof serveSite>>;
  let evil: Awaited<ReturnType<typeof serveSite>>;
  beforeAll(async () => {
    browser = await launchChromium();
    cms = await serveSite(() => cmsPage(`${server.url}/auth?provider=bitbucket&site_id=cms&scope=repo`));
    evil = await serveSite(() => cmsPage(`${server.url}/auth?provider=bitbucket`));
    server = await startExample("cms-auth/src/main.ts", { CMS_ORIGINS: cms.origin });
  });
  afterAll(async () => {
    server?.stop();
    cms?.close();
    evil?.close();
    await browser?.close();
  });

  it("hands an access token to the window that opened it, and the window closes; the second time at once", async () => {
    const { context, complaints } = await openContext(browser);
    const page = await context.newPage();
    for (let round = 0; round < 2; round++) {
      await page.goto(cms.origin);
      const popup = context.waitForEvent("page");
      await page.getByRole("button", { name: "Login" }).click();
      await closed(await popup);
      const output = (await page.locator("output").textContent()) ?? "";
      expect(output).toMatch(/^success \{"token":"[^"]{20,}","provider":"bitbucket"\}$/);
      expect(output).not.toContain("refresh");
    }
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("tells a window of another site nothing, though its user is signed in", async () => {
    const { context } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(evil.origin);
    const opened = context.waitForEvent("page");
    await page.getByRole("button", { name: "Login" }).click();
    const popup = await opened;
    await popup.getByText("You are signed in").waitFor();
    // Whatever the attacker sends unasked.
    await page.evaluate(() => {
      for (const text of ["authorizing:bitbucket", "authorization:bitbucket:success:{}"])
        open("", "auth")?.postMessage(text, "*");
    });
    await popup.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    expect(await page.locator("output").textContent()).toBe("");
    await context.close();
  });

  it("shows the page to no frame", async () => {
    const answer = await fetch(`${server.url}/auth`, { redirect: "manual" });
    expect(answer.status).toBe(302);
    expect((await fetch(`${server.url}/elsewhere`)).status).toBe(404);
  });
});
