import { attacks } from "@bitbucket-auth/web-suite/attacks.js";
import { behaviours } from "@bitbucket-auth/web-suite/behaviour.js";
import { describe, expect, it } from "vitest";
import { frameworks, startApp } from "./apps.ts";

describe.each(frameworks)("%s", (_name, build) => {
  it.each(behaviours)("$title", async ({ app, run }) => {
    await expect(run(await startApp(build, app))).resolves.toBeUndefined();
  });

  it.each(attacks)("blocks: $title", async ({ app, succeeds }) => {
    const sample = await startApp(build, app);
    const stage = { sample, sent: sample.sent, victim: sample.browser(), attacker: sample.browser() };
    expect(await succeeds(stage)).toBe(false);
  });
});
