import { behaviours } from "@bitbucket-auth/web-suite/behaviour.js";
import { describe, expect, it } from "vitest";
import { webApp } from "./web-app.js";

describe("the suite of every adapter on a Request and a Response", () => {
  it.each(behaviours)("$title", async ({ app: { bitbucket, ...options } = {}, run }) => {
    await expect(run(webApp({ ...options, mock: bitbucket }))).resolves.toBeUndefined();
  });
});
