import { fileURLToPath } from "node:url";
import { attacks } from "@bitbucket-auth/web-suite/attacks.js";
import { behaviours } from "@bitbucket-auth/web-suite/behaviour.js";
import { createRemoteApps, type RemoteApps } from "@bitbucket-auth/web-suite/remote.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findRuntime } from "../runtimes/find-runtime.ts";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { startBitbucketMock } from "@bitbucket-auth/testing/server";
import { createBrowser } from "@bitbucket-auth/web-suite/browser.js";
import { signIn } from "@bitbucket-auth/web-suite/sample.js";
import { runtimes } from "../runtimes/runtimes.ts";
import { type RunningWorker, startWorker } from "./workerd.ts";

const workerd = runtimes.find(({ name }) => name === "workerd");
const found = workerd && (await findRuntime(workerd));

describe.runIf(found)("Hono on workerd", () => {
  let apps: RemoteApps;
  let worker: RunningWorker;
  beforeAll(async () => {
    apps = await createRemoteApps();
    const entry = fileURLToPath(new URL("hono-worker.ts", import.meta.url));
    worker = await startWorker(found?.executable ?? "", entry, { SETTINGS_URL: apps.settingsUrl });
  }, 600_000);
  afterAll(async () => {
    await worker?.stop();
    apps?.close();
  });

  it.each(behaviours)("$title", async ({ app, run }) => {
    await expect(run(await apps.start(worker.origin, app))).resolves.toBeUndefined();
  });

  it.each(attacks)("blocks: $title", async ({ app, succeeds }) => {
    const sample = await apps.start(worker.origin, app);
    const stage = { sample, sent: sample.sent, victim: sample.browser(), attacker: sample.browser() };
    expect(await succeeds(stage)).toBe(false);
  });
});

describe.runIf(found)("the Hono example on workerd", () => {
  it("signs in and shows the workspaces", async () => {
    const callbackUrl = "https://app.example/auth/bitbucket/callback";
    const bitbucket = await startBitbucketMock(createBitbucketMock({ consumers: [{ callbackUrl }] }));
    const { mock } = bitbucket;
    const [consumer] = mock.consumers;
    const entry = fileURLToPath(new URL("../../examples/hono-app/src/worker.ts", import.meta.url));
    const worker = await startWorker(found?.executable ?? "", entry, {
      BITBUCKET_CLIENT_ID: consumer?.clientId ?? "",
      BITBUCKET_CLIENT_SECRET: consumer?.clientSecret ?? "",
      BITBUCKET_URL: bitbucket.url,
      COOKIE_SECRET: "a cookie secret for tests alone",
      BASE_URL: "https://app.example",
    });
    const browser = createBrowser(async () => worker.origin);
    const back = await signIn({ mock }, browser, { path: "/auth/bitbucket?returnTo=/workspaces" });
    expect(back.headers["location"]).toBe("/workspaces");
    expect((await browser.get("/workspaces")).text).toContain("<li>acme</li>");
    await worker.stop();
    await bitbucket.close();
  });
});
