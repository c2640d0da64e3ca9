import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { expect, it } from "vitest";
import { describeAppInChromium, signedIn } from "./app-in-chromium.ts";
import { openContext, takePicture } from "./chromium.ts";
import { startExampleApp } from "./example-app.ts";

// The long suite has the rest.
describeAppInChromium((running) => {
  it("goes through sign-in, workspaces, repositories and pull requests", async () => {
    const { app, browser } = running();
    const { context, complaints } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(app.url);
    await takePicture(page, "welcome");
    await page.getByRole("link", { name: "Sign in with Bitbucket" }).click();
    await takePicture(page, "consent");
    await page.getByRole("button", { name: "Grant access" }).click();

    await page.getByRole("heading", { name: "Alice Example" }).waitFor();
    expect(await page.getByText("alice@example.com").isVisible()).toBe(true);
    await page.getByText(/^1:5\d:\d\d$/).waitFor();
    await takePicture(page, "home");
    await page.getByRole("link", { name: "acme" }).click();
    await page.getByRole("link", { name: "Next" }).click();
    await page.getByText("Page 2 of 3").waitFor();
    await takePicture(page, "repositories");
    await page.getByRole("link", { name: "Previous" }).click();
    await page.getByRole("link", { name: "api service" }).click();
    await page.getByRole("link", { name: "Next" }).click();
    await takePicture(page, "pull-requests");
    await page.getByRole("link", { name: "Merged" }).click();
    await page.getByText("Page 1", { exact: true }).waitFor({ state: "detached" });
    expect(await page.locator("main li").count()).toBe(8);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("ends on a signal, and removes its files", async () => {
    const app = await startExampleApp();
    expect(await app.close()).toBe(0);
    const left = await readdir(tmpdir());
    expect(left.filter((name) => name.startsWith(`express-app-${app.pid}-`))).toEqual([]);
  });

  it("shows nothing of the user after sign-out, also by the back button", async () => {
    const { app, browser } = running();
    const { context } = await openContext(browser);
    const page = await signedIn(await context.newPage(), app);
    await page.getByRole("link", { name: "acme" }).click();
    const [cookie] = await context.cookies();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("link", { name: "Sign in with Bitbucket" }).waitFor();
    expect(await context.cookies()).toEqual([]);
    await page.goBack();
    expect(await page.getByRole("heading", { name: "acme" }).count()).toBe(0);
    if (cookie) await context.addCookies([cookie]);
    await page.goto(`${app.url}/workspaces/acme`);
    await page.getByRole("button", { name: "Grant access" }).waitFor();
    await context.close();
  });
});
