import { fileURLToPath } from "node:url";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { startBitbucketMock, type BitbucketMockServer } from "@bitbucket-auth/testing/server";
import { Miniflare } from "miniflare";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** The worker as one module, as a deployment would send it. */
async function bundledWorker(): Promise<string> {
  const entry = fileURLToPath(new URL("d1-worker.ts", import.meta.url));
  const built = await build({
    configFile: false,
    logLevel: "silent",
    build: { write: false, minify: false, lib: { entry, formats: ["es"] } },
  });
  const [result] = Array.isArray(built) ? built : [built];
  if (!result || !("output" in result)) throw new Error("The worker was not built.");
  return result.output[0].code;
}

describe("a Worker on D1, in workerd", () => {
  let bitbucket: BitbucketMockServer;
  let worker: Miniflare;
  beforeAll(async () => {
    bitbucket = await startBitbucketMock(createBitbucketMock({ profile: "strict" }));
    const { clientOptions, tokens } = bitbucket.mock.issueGrant();
    const { authorize, token, api } = bitbucket.urls;
    worker = new Miniflare({
      modules: true,
      script: await bundledWorker(),
      compatibilityDate: "2026-01-01",
      d1Databases: { DB: "test" },
      bindings: {
        clientId: clientOptions.clientId,
        clientSecret: clientOptions.clientSecret,
        endpoints: JSON.stringify({ authorizationUrl: authorize, tokenUrl: token, apiUrl: api }),
      },
    });
    const body = JSON.stringify(tokens);
    const signedIn = await worker.dispatchFetch("http://worker/sign-in", { method: "POST", body });
    if (!signedIn.ok) throw new Error(await signedIn.text());
  }, 120_000);
  afterAll(async () => {
    await worker.dispose();
    await bitbucket.close();
  });

  it.each(["own", "shared"])(
    "sends one request for 100 requests on an expired grant, and hangs none: %s client",
    async (client) => {
      await bitbucket.mock.clock.advance("121m");
      const offsetMs = bitbucket.mock.clock.now() - Date.now();
      const before = bitbucket.mock.requests.token("refresh_token").length;

      const answers = await Promise.all(
        Array.from({ length: 100 }, async () => {
          const response = await worker.dispatchFetch(`http://worker/${client}?offsetMs=${offsetMs}`);
          return `${response.status} ${await response.text()}`;
        }),
      );

      expect(new Set(answers).size).toBe(1);
      expect(answers[0]).toMatch(/^200 \S{8}$/);
      expect(bitbucket.mock.requests.token("refresh_token").length - before).toBe(1);
      expect(bitbucket.mock.reuseCount).toBe(0);
    },
  );
});
