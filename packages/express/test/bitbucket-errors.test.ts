import { describe, expect, it } from "vitest";
import { expresses, sampleApp, signIn } from "./sample-app.js";

describe.each(expresses)("bitbucketErrors() on %s", (_name, express) => {
  it("asks to sign in again when the grant ends while a page is made", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    await signIn(sample, browser);
    sample.mock.faults.when("api", { status: 401 });
    const asked = await browser.get("/who");
    expect([asked.status, asked.headers["location"]]).toEqual([302, "/auth/bitbucket?returnTo=%2Fwho"]);
  });

  it("answers with the right status when Bitbucket fails", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    await signIn(sample, browser);
    sample.mock.faults.next("api", { status: 429, retryAfter: 60 });
    const answer = await browser.get("/who");
    expect([answer.status, answer.headers["retry-after"]]).toEqual([429, "60"]);
  });

  it("leaves the errors of others alone", async () => {
    const sample = sampleApp({ express, onSignIn: () => Promise.reject(new RangeError("theirs")) });
    expect((await signIn(sample, sample.browser())).text).toContain("theirs");
  });
});
