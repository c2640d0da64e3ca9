import type * as Core from "../src/index.ts";
import { EdgeVM } from "@edge-runtime/vm";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { beforeAll, describe, expect, it } from "vitest";

/** What a program found out where there is neither Node nor a file system. */
interface Findings {
  readonly globals: readonly string[];
  readonly tokens: readonly string[];
  readonly sent: readonly string[];
  readonly stored: string;
  readonly reopened: string;
  readonly refusal: string;
}

/** Runs inside: it sees the runtime's globals, the bundle, and nothing of this file. */
async function program(core: typeof Core): Promise<Findings> {
  let now = 1_800_000_000_000;
  const sent: string[] = [];
  const options = {
    clientId: "consumer-key",
    clientSecret: "consumer-secret",
    storage: core.createMemoryStorage({ clock: { now: () => now } }),
    encryption: { current: "k1", keys: { k1: new Uint8Array(32).fill(1) } },
    clock: { now: () => now },
    async fetch(_url: unknown, init?: RequestInit): Promise<Response> {
      const body = typeof init?.body === "string" ? init.body : "";
      const refreshToken = new URLSearchParams(body).get("refresh_token") ?? "";
      sent.push(refreshToken);
      await new Promise((resolve) => setTimeout(resolve, 1));
      const n = sent.length + 1;
      return refreshToken === `refresh-${n - 1}`
        ? Response.json({ access_token: `access-${n}`, refresh_token: `refresh-${n}`, expires_in: 7200 })
        : Response.json({ error: "invalid_grant" }, { status: 400 });
    },
  };
  const auth = core.createBitbucketAuth(options);
  await auth.saveTokens("ann", {
    accessToken: "access-1",
    refreshToken: "refresh-1",
    expiresAt: now + 7_200_000,
    tokenType: "bearer",
  });
  const tokens = [await auth.getAccessToken("ann")];
  now += 7_200_000;
  tokens.push(...(await Promise.all(Array.from({ length: 100 }, () => auth.getAccessToken("ann")))));
  await auth.close();

  const entry = await options.storage.get("bitbucket.org/consumer-key/user/ann");
  const restarted = core.createBitbucketAuth(options);
  const reopened = await restarted.getAccessToken("ann");
  const refusal = await restarted.getAccessToken("bob").catch((error: unknown) => {
    return core.isBitbucketAuthError(error) ? error.code : String(error);
  });
  await restarted.close();
  return {
    globals: ["process", "Buffer", "require"].filter((name) => name in globalThis),
    tokens,
    sent,
    stored: new TextDecoder().decode(entry?.bytes),
    reopened,
    refusal,
  };
}

/** Core as it is published, with its dependencies, as one script. */
async function bundleOfCore(): Promise<string> {
  const entry = fileURLToPath(new URL("../dist/index.js", import.meta.url));
  if (!existsSync(entry)) throw new Error("core is not built: run `pnpm run build` first.");
  const built = await build({
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      minify: false,
      target: "es2023",
      lib: { entry, formats: ["iife"], name: "bitbucketAuthCore" },
    },
  });
  const [output] = [built].flat();
  if (!output || !("output" in output)) throw new Error("no output");
  return output.output[0].code;
}

describe("core's built files in a runtime like a worker's", () => {
  let found: Findings;

  beforeAll(async () => {
    const runtime = new EdgeVM();
    runtime.evaluate(await bundleOfCore());
    found = await runtime.evaluate<Promise<Findings>>(`(${String(program)})(bitbucketAuthCore)`);
  }, 60_000);

  it("finds nothing of Node there", () => {
    expect(found.globals).toEqual([]);
  });

  it("serves tokens that were signed in elsewhere, and refreshes once for 100 callers", () => {
    expect(found.tokens).toEqual(["access-1", ...Array.from({ length: 100 }, () => "access-2")]);
    expect(found.sent).toEqual(["refresh-1"]);
  });

  it("seals what it stores, and opens it after a restart", () => {
    expect(found.stored).toMatch(/^bb1\.k1\.[\w-]{22}\.[\w-]{16}\.[\w-]+$/);
    expect(found.reopened).toBe("access-2");
  });

  it("knows its own errors there", () => {
    expect(found.refusal).toBe("signed_out");
  });
});
