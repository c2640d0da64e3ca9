import { expect, it } from "vitest";
import { describeHonoExample } from "./browsed-hono.ts";
import {
  goBackAfterSignOut,
  goBackToCallback,
  launchWithBackForwardCache,
  signInAndOut,
  signInInTabs,
} from "./in-chromium.ts";

describeHonoExample((running) => {
  it("signs in and out", async () => {
    const { browser, app } = running();
    await expect(signInAndOut(browser, app)).resolves.toBeUndefined();
  });

  it.each([4, 20])("lets %i tabs finish", async (tabs) => {
    const { browser, app } = running();
    await expect(signInInTabs(browser, app, tabs)).resolves.toBeUndefined();
  });

  it("shows nothing of a user who has signed out behind the back button, without scripts", async () => {
    const ordinary = await launchWithBackForwardCache();
    const options = { javaScriptEnabled: false };
    await expect(goBackAfterSignOut(ordinary, running().app, options)).resolves.toBeUndefined();
    await ordinary.close();
  });

  it("shows no error behind the back button", async () => {
    const { browser, app } = running();
    await expect(goBackToCallback(browser, app)).resolves.toBeUndefined();
  });
});
