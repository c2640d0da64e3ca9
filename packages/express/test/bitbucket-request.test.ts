import { describe, expect, it } from "vitest";
import { requireBitbucket } from "../src/index.js";
import { sampleApp, signIn } from "./sample-app.js";

describe("req.bitbucket", () => {
  it("knows the token, the user and a client of one's own", async () => {
    const sample = sampleApp({ api: async ({ account }) => ({ madeFor: account }) });
    const browser = sample.browser();
    sample.app.get("/all", requireBitbucket(), async ({ bitbucket }, res) => {
      const [token, user, again, api] = [
        await bitbucket.getAccessToken(),
        await bitbucket.user(),
        await bitbucket.user(),
        await bitbucket.api(),
      ];
      res.json({ length: token.length, name: user.displayName, asked: user === again, api });
    });
    await signIn(sample, browser);
    expect((await browser.get("/all")).body).toEqual({
      length: 2600,
      name: "Alice Example",
      asked: true,
      api: { madeFor: sample.alice },
    });
    expect(sample.mock.requests.api("/2.0/user")).toHaveLength(2);
  });

  it("says which option api() needs", async () => {
    const sample = sampleApp();
    sample.app.get("/api", requireBitbucket(), async ({ bitbucket }, res) => {
      res.json(await bitbucket.api().catch((error: { code: string }) => error.code));
    });
    const browser = sample.browser();
    await signIn(sample, browser);
    expect((await browser.get("/api")).body).toBe("invalid_options");
  });

  it("is not there while nobody is signed in", async () => {
    expect((await sampleApp().browser().get("/")).body).toEqual({ account: null });
  });
});
