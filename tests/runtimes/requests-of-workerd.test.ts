import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { build, type Rollup } from "vite";
import { beforeAll, describe, expect, it } from "vitest";
import { runSteps } from "./programs/run-steps.ts";
import { requestsFlow, type ServedWorker } from "./requests-flow.ts";

async function bundle(program: string): Promise<string> {
  const entry = fileURLToPath(new URL(`programs/${program}.ts`, import.meta.url));
  const built = await build({
    logLevel: "error",
    configFile: false,
    build: {
      write: false,
      minify: false,
      lib: { entry, formats: ["es"], fileName: "worker" },
      rolldownOptions: { external: /^cloudflare:/ },
    },
  });
  const [first] = [built].flat() as Rollup.RollupOutput[];
  return first?.output[0].code ?? "";
}

let scripts = { main: "", tokenEndpoint: "" };
beforeAll(async () => {
  scripts = {
    main: await bundle("module-scope-worker"),
    tokenEndpoint: await bundle("token-endpoint-worker"),
  };
}, 60_000);

async function serve(): Promise<ServedWorker> {
  const common = { modules: true, compatibilityDate: "2026-08-01" } as const;
  const miniflare = new Miniflare({
    workers: [
      { ...common, name: "main", script: scripts.main, outboundService: "token-endpoint" },
      { ...common, name: "token-endpoint", script: scripts.tokenEndpoint },
    ],
  });
  return {
    async get(path) {
      const response = await miniflare.dispatchFetch(`http://worker.test${path}`);
      return response.text();
    },
    stop: () => miniflare.dispose(),
  };
}

describe("a BitbucketAuth at module scope in workerd", () => {
  const steps = requestsFlow(serve);

  it(
    "serves later requests although the request that began a refresh is over, after their own limit",
    { timeout: 60_000 },
    async () => {
      const name = "a refresh of a request that is over";
      expect(await runSteps({ [name]: steps[name] })).toEqual({ [name]: "ok" });
    },
  );

  it(
    "signs in and reads who is signed in although requests that began the same are over",
    { timeout: 60_000 },
    async () => {
      const name = "a sign-in and a read of requests that are over";
      expect(await runSteps({ [name]: steps[name] })).toEqual({ [name]: "ok" });
    },
  );

  it.each([
    "a refresh `waitUntil` was told of",
    "a refresh the platform's own `waitUntil` was told of",
  ] as const)(
    "finishes a refresh ahead of need, and sends no second one: %s",
    { timeout: 60_000 },
    async (name) => {
      expect(await runSteps({ [name]: steps[name] })).toEqual({ [name]: "ok" });
    },
  );
});
