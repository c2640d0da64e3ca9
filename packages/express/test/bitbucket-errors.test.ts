import { describe, expect, it } from "vitest";
import { bitbucketErrors } from "../src/index.js";
import { createBrowser, served } from "@bitbucket-auth/web-suite/browser.js";
import { expresses, sampleApp, signIn } from "./sample-app.js";

describe.each(expresses)("bitbucketErrors() on %s", (_name, express) => {
  it("asks to sign in again when the grant ends while a page is made", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    await signIn(sample, browser);
    sample.mock.grant(sample.mock.grants.at(-1)?.id ?? "").revoke();
    await sample.mock.clock.advance("2m");
    const asked = await browser.get("/who");
    expect([asked.status, asked.headers["location"]]).toEqual([302, "/auth/bitbucket?returnTo=%2Fwho"]);
  });

  it("shows what Bitbucket says of a call that it refuses with a fresh token, and does not sign in again", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    await signIn(sample, browser);
    sample.mock.faults.when("api", { status: 401 });
    const page = await browser.get("/who");
    expect([page.status, page.headers["location"]]).toEqual([403, undefined]);
    expect(page.text).toContain("Signing in again will not help");
    const json = await browser.get("/who", { Accept: "application/json" });
    expect(json.status).toBe(403);
    expect(json.body).toMatchObject({
      code: "access_token_rejected",
      action: "fix_config",
      transient: false,
    });
    expect(json.body).not.toHaveProperty("signIn");
  });

  it("answers with the right status when Bitbucket fails", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    await signIn(sample, browser);
    sample.mock.faults.next("api", { status: 429, retryAfter: 60 });
    const answer = await browser.get("/who");
    expect([answer.status, answer.headers["retry-after"]]).toEqual([429, "60"]);
  });

  it("refuses options by name: those of bitbucketAuth() hold for it", () => {
    expect(() => Reflect.apply(bitbucketErrors, undefined, [{ onError: () => {} }])).toThrow(
      'Mount bitbucketErrors(): it has no option "onError".',
    );
  });

  it("is an error of the app where it was mounted and not called, and no request that hangs", async () => {
    const app = express();
    app.set("env", "test");
    app.use(bitbucketErrors);
    const answer = await createBrowser(served(app)).get("/");
    expect(answer.status).toBe(500);
    expect(answer.text).toContain("Mount bitbucketErrors()");
  });

  it("leaves the errors of others alone", async () => {
    const sample = sampleApp({ express, onSignIn: () => Promise.reject(new RangeError("theirs")) });
    expect((await signIn(sample, sample.browser())).text).toContain("theirs");
  });
});
