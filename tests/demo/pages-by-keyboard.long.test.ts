import { expect, it } from "vitest";
import { describeBackendPage } from "../browser/backend-page.ts";
import { signInAtBackend, statusOf } from "../browser/signed-in-pages.ts";
import { clippedOn } from "./clipped-rings.ts";

describeBackendPage((opened) => {
  it("shows where the focus of a keyboard is, all around it", async () => {
    const { demo, page } = opened();
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await statusOf(page, "Signed in as Alice Example.");
    expect(await clippedOn(page)).toEqual([]);
  });

  it("does not ask for another try where trying again cannot help", async () => {
    const { demo, page } = opened();
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await statusOf(page, "Signed in as Alice Example.");
    await page.goto(`${demo.backendUrl}/workspaces/nothing-of-the-kind`);
    await statusOf(page, "Not here");
    expect(await page.getByRole("button", { name: "Try again" }).count()).toBe(0);
    await page.getByRole("link", { name: "Back to the start" }).click();
    await statusOf(page, "Signed in as Alice Example.");
  });
});
