import { attacks } from "@bitbucket-auth/web-suite/attacks.js";
import { behaviours } from "@bitbucket-auth/web-suite/behaviour.js";
import { createRemoteApps, type RemoteApps } from "@bitbucket-auth/web-suite/remote.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NextServer } from "./next-server.ts";

/** Registers the whole suite of the sign-in against one server of Next. */
export function describeNext(start: (env: Readonly<Record<string, string>>) => Promise<NextServer>): void {
  describe("Next.js, built for production and started as its own server", () => {
    let apps: RemoteApps;
    let next: NextServer;
    beforeAll(async () => {
      apps = await createRemoteApps();
      next = await start({ SUITE_SETTINGS_URL: apps.settingsUrl });
    }, 600_000);
    afterAll(async () => {
      await next?.stop();
      apps?.close();
    });

    it.each(behaviours)("$title", async ({ app, run }) => {
      await expect(run(await apps.start(next.origin, app))).resolves.toBeUndefined();
    });

    it.each(attacks)("blocks: $title", async ({ app, succeeds }) => {
      const sample = await apps.start(next.origin, app);
      const stage = { sample, sent: sample.sent, victim: sample.browser(), attacker: sample.browser() };
      expect(await succeeds(stage)).toBe(false);
    });
  });
}
