import { readdirSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { attacks } from "@bitbucket-auth/web-suite/attacks.js";
import type { Attack, Stage } from "@bitbucket-auth/web-suite/attacks/attack.js";
import { stageFor } from "./web-app.js";
import { weaknesses, type Weakness } from "./weaknesses.js";

/** Sets the stage, with the package as it is or with one defence taken away. */
async function stage(attack: Attack, weakness: Weakness = {}): Promise<Stage> {
  weakness.modules?.();
  const { createBitbucketWeb } = await import("../src/index.js");
  return stageFor(attack, (options) =>
    createBitbucketWeb({ ...options, auth: weakness.auth?.(options.auth) ?? options.auth }),
  );
}

describe("the attack table on a Request and a Response", () => {
  it.each(attacks)("blocks: $title", async (attack) => {
    expect(await attack.succeeds(await stage(attack))).toBe(false);
  });
});

describe("each attack is one: it succeeds when its defence is gone", () => {
  const modules = readdirSync(new URL("../src", import.meta.url));
  afterEach(() => {
    for (const file of modules) vi.doUnmock(`../src/${file.replace(/\.ts$/, ".js")}`);
    vi.resetModules();
  });

  it.each(attacks.map((attack) => [attack.title, attack.needs, attack] as const))(
    "%s, when %s",
    async (_title, needs, attack) => {
      vi.resetModules();
      expect(await attack.succeeds(await stage(attack, weaknesses[needs]))).toBe(true);
    },
  );

  it("and none is left out", () => {
    expect(attacks.length).toBeGreaterThanOrEqual(48);
    expect(new Set(attacks.map(({ title }) => title)).size).toBe(attacks.length);
    expect(Object.keys(weaknesses).filter((name) => !attacks.some(({ needs }) => needs === name))).toEqual(
      [],
    );
  });
});
