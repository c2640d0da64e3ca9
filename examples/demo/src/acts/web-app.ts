import { startAppProcess } from "../app-process.ts";
import { asTold } from "../as-told.ts";
import type { Timeline } from "../timeline.ts";
import { createWebBrowser } from "../web-browser.ts";

/** The example app over HTTP, as a browser meets it: sign-in and back, an expired token, sign-out and an old cookie. */
export async function webApp(timeline: Timeline): Promise<void> {
  timeline.waiting("Starting the web app");
  const app = await startAppProcess();
  try {
    timeline.tell(`An Express app, process ${app.pid}, at ${app.url}. A browser opens /workspaces/acme.`);
    const browser = createWebBrowser();
    const page = `${app.url}/workspaces/acme`;
    const asked = await browser.open(page);
    asTold("Redirects to the consent page", asked.redirects, 2);
    const shown = await browser.press(asked, "Grant access");
    asTold("The address after the sign-in", shown.url.href, page);
    asTold("The page's status", shown.status, 200);
    timeline.tell("The guard sends it to Bitbucket; after the consent it is back on that very page.");
    const cookie = [...browser.cookies].map((pair) => pair.join("=")).join("; ");
    asTold("The cookies hold 200 bytes at most", cookie.length <= 200, true);
    timeline.prove(`The browser holds one sealed cookie of ${cookie.length} bytes, and no token.`);

    const later = await browser.submit(`${app.url}/fake/two-hours`);
    asTold("The status two hours later", later.status, 200);
    const kept = new Map(browser.cookies);
    await browser.submit(`${app.url}/auth/bitbucket/logout`);
    for (const [name, value] of kept) browser.cookies.set(name, value);
    const replayed = await browser.open(page);
    asTold("Redirects of an old cookie", replayed.redirects, 2);
    timeline.prove("Two hours later it goes on. After the sign-out the old cookie is worth nothing.");
  } finally {
    await app.stop();
  }
}
