import { fileURLToPath } from "node:url";
import { build } from "vite";
import { describe, expect, it } from "vitest";
import { describeHonoExample } from "./browsed-hono.ts";
import { goBackAfterSignOut, launchWithBackForwardCache, signInAndOut } from "./in-chromium.ts";

// The long suite has the rest.
describeHonoExample((running) => {
  it("signs in and out without scripts", async () => {
    const { browser, app } = running();
    await expect(signInAndOut(browser, app, { javaScriptEnabled: false })).resolves.toBeUndefined();
  });

  it("shows nothing of a user who has signed out behind the back button", async () => {
    const ordinary = await launchWithBackForwardCache();
    await expect(goBackAfterSignOut(ordinary, running().app)).resolves.toBeUndefined();
    await ordinary.close();
  });
});

describe("the Hono example as a worker", () => {
  it("can be bundled without anything of Node", async () => {
    const entry = fileURLToPath(new URL("../../examples/hono-app/src/worker.ts", import.meta.url));
    const built = await build({
      configFile: false,
      logLevel: "error",
      build: {
        lib: { entry, formats: ["es"], fileName: "worker" },
        write: false,
        rolldownOptions: { external: /^node:/ },
      },
    });
    const chunks = [built].flat().flatMap((each) => ("output" in each ? each.output : []));
    expect(chunks.length).toBeGreaterThan(0);
    expect(
      chunks.filter(
        (chunk) => chunk.type === "chunk" && chunk.imports.some((name) => name.startsWith("node:")),
      ),
    ).toEqual([]);
  });
});
