import { expect, it } from "vitest";
import { describeAppInChromium, signedIn } from "./app-in-chromium.ts";
import { openContext, takePicture } from "./chromium.ts";

describeAppInChromium((running) => {
  it("comes back to the page that was asked for", async () => {
    const { app, browser } = running();
    const { context } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(`${app.url}/workspaces/acme?page=2`);
    await page.getByRole("button", { name: "Grant access" }).click();
    await page.getByText("Page 2 of 3").waitFor();
    expect(page.url()).toBe(`${app.url}/workspaces/acme?page=2`);
    await context.close();
  });

  it("says what denial means and offers another try", async () => {
    const { app, browser } = running();
    const { context } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(`${app.url}/auth/bitbucket`);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("heading", { name: "You were not signed in" }).waitFor();
    expect((await context.cookies()).map(({ name }) => name)).toEqual([]);
    await takePicture(page, "denied");
    await page.getByRole("link", { name: "Sign in with Bitbucket" }).click();
    await page.getByRole("button", { name: "Grant access" }).click();
    await page.getByRole("heading", { name: "Alice Example" }).waitFor();
    await context.close();
  });

  it("lets 20 tabs finish at the same moment, in another order than they began", async () => {
    const { app, browser } = running();
    const { context } = await openContext(browser);
    const tabs = await Promise.all(
      Array.from({ length: 20 }, async (_, tab) => {
        const page = await context.newPage();
        const address = `${app.url}/workspaces/acme?page=${(tab % 3) + 1}&tab=${tab}`;
        await page.goto(address);
        return { page, address, rank: (tab * 7) % 20 };
      }),
    );
    tabs.sort((a, b) => a.rank - b.rank);
    await Promise.all(
      tabs.map(async ({ page }) => {
        await page.getByRole("button", { name: "Grant access" }).click();
        await page.getByRole("heading", { name: "acme" }).waitFor();
      }),
    );
    expect(tabs.map(({ page }) => page.url())).toEqual(tabs.map(({ address }) => address));
    expect((await context.cookies()).map(({ name }) => name)).toEqual(["bb_session"]);
    await context.close();
  }, 180_000);

  it("keeps pictures in the dark and on a phone, and nothing is wider than the screen", async () => {
    const { app, browser } = running();
    const phone = { viewport: { width: 375, height: 740 }, colorScheme: "dark" as const };
    const { context } = await openContext(browser, phone);
    const page = await context.newPage();
    await page.goto(app.url);
    const widths: number[] = [];
    const look = async (name: string): Promise<void> => {
      await takePicture(page, `${name}-dark-phone`);
      widths.push(await page.evaluate("document.documentElement.scrollWidth"));
    };
    await look("welcome");
    await page.goto(`${app.url}/auth/bitbucket`);
    await page.getByRole("button", { name: "Cancel" }).click();
    await look("denied");
    await signedIn(page, app);
    await look("home");
    await page.goto(`${app.url}/workspaces/acme`);
    await look("repositories");
    await page.goto(`${app.url}/workspaces/acme/api-service`);
    await look("pull-requests");
    await page.goto(`${app.url}/nothing`);
    await look("not-found");
    expect(widths).toEqual(widths.map(() => 375));
    await context.close();
  });

  it("goes on when the token expires during use, and asks again when the grant was revoked", async () => {
    const { app, browser } = running();
    const { context } = await openContext(browser);
    const page = await signedIn(await context.newPage(), app);
    await page.getByRole("button", { name: "Let two hours pass" }).click();
    await page.getByRole("heading", { name: "Alice Example" }).waitFor();
    await page.getByText(/^1:5\d:\d\d$/).waitFor();
    await page.getByRole("button", { name: "Revoke the grant" }).click();
    await page.getByRole("heading", { name: "Please sign in again" }).waitFor();
    await takePicture(page, "revoked");
    await page.goto(`${app.url}/workspaces/acme`);
    await page.getByRole("button", { name: "Grant access" }).click();
    await page.getByText("Page 1 of 3").waitFor();
    expect(page.url()).toBe(`${app.url}/workspaces/acme`);
    await context.close();
  });

  it("lets two tabs sign in as they like, each to where it wanted", async () => {
    const { app, browser } = running();
    const { context } = await openContext(browser);
    const [first, second] = [await context.newPage(), await context.newPage()];
    await first.goto(`${app.url}/workspaces/acme`);
    await second.goto(`${app.url}/workspaces/lighthouse`);
    await first.getByRole("button", { name: "Grant access" }).click();
    await first.getByRole("heading", { name: "acme" }).waitFor();
    await second.getByRole("button", { name: "Grant access" }).click();
    await second.getByRole("heading", { name: "lighthouse" }).waitFor();
    await first.reload();
    expect(await first.getByRole("heading", { name: "acme" }).isVisible()).toBe(true);
    await context.close();
  });
});
