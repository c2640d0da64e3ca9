import { describe, expect, it } from "vitest";
import { sampleApp, signIn, expresses } from "./sample-app.js";

describe.each(expresses)("the app's own origin on %s", (_name, express) => {
  it.each([
    ["its Host", {}, { Origin: "http://app.example", Host: "app.example" }, 303],
    ["its Host and port", {}, { Origin: "http://app.example:8080", Host: "app.example:8080" }, 303],
    ["its Host with an underscore", {}, { Origin: "http://my_app:3000", Host: "my_app:3000" }, 303],
    ["its base URL", { baseUrl: "https://app.example" }, { Origin: "https://app.example" }, 303],
    ["what a browser vouches for", {}, { "Sec-Fetch-Site": "same-origin" }, 303],
    ["a form of a page without referrers", {}, { Origin: "null", "Sec-Fetch-Site": "same-origin" }, 303],
    [
      "not somebody else's, whatever is vouched for",
      {},
      { Origin: "http://b.example", "Sec-Fetch-Site": "same-origin" },
      403,
    ],
    ["not another scheme", {}, { Origin: "https://app.example", Host: "app.example" }, 403],
    ["not another port", {}, { Origin: "http://app.example:1", Host: "app.example" }, 403],
    ["not a longer name", {}, { Origin: "http://app.example.evil.example", Host: "app.example" }, 403],
    [
      "not what an untrusted header says",
      {},
      { Origin: "http://a.example", Host: "b.example", "X-Forwarded-Host": "a.example" },
      403,
    ],
  ])("is %s", async (_what, options, headers, status) => {
    const browser = sampleApp({ express, ...options }).browser();
    expect((await browser.post("/auth/bitbucket/logout", { Accept: "text/html", ...headers })).status).toBe(
      status,
    );
  });

  it("is not nobody's, whatever scheme a trusted proxy forwards", async () => {
    const sample = sampleApp({ express, prepare: (app) => void app.set("trust proxy", true) });
    const browser = sample.browser({ "X-Forwarded-Proto": "gopher" });
    const out = await browser.post("/auth/bitbucket/logout", { Origin: "null", Accept: "text/html" });
    expect(out.status).toBe(403);
  });

  it("is what a trusted proxy forwards", async () => {
    const sample = sampleApp({ express, prepare: (app) => void app.set("trust proxy", true) });
    const forwarded = { "X-Forwarded-Host": "app.example", "X-Forwarded-Proto": "https" };
    const browser = sample.browser(forwarded);
    await signIn(sample, browser);
    expect([...browser.cookies.keys()]).toEqual(["__Host-bb_session"]);
    const out = await browser.post("/auth/bitbucket/logout", {
      Origin: "https://app.example",
      Accept: "text/html",
    });
    expect(out.status).toBe(303);
  });
});
