import { readdirSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Attack, Stage } from "./attacks/attack.js";
import { attacks } from "./attacks.js";
import { expresses, sampleApp, type SampleAppOptions } from "./sample-app.js";
import { weaknesses, type Weakness } from "./weaknesses.js";

/** Sets the stage, with the package as it is or with one defence taken away. */
async function stageFor(attack: Attack, options: SampleAppOptions, weakness: Weakness = {}): Promise<Stage> {
  weakness.modules?.();
  const { bitbucketAuth, requireBitbucket } = await import("../src/index.js");
  const sent: Request[] = [];
  const sample = sampleApp({
    ...options,
    ...attack.app,
    middleware: (given) => bitbucketAuth({ ...given, auth: weakness.auth?.(given.auth) ?? given.auth }),
    guard: requireBitbucket,
    core: {
      fetch(input, init) {
        const request = new Request(input, init);
        if (request.url.startsWith("https://api.bitbucket.org/")) sent.push(request.clone());
        return sample.mock.fetch(request);
      },
    },
  });
  return { sample, sent, victim: sample.browser(), attacker: sample.browser() };
}

describe.each(expresses)("the attack table on %s", (_name, express) => {
  it.each(attacks)("blocks: $title", async (attack) => {
    expect(await attack.succeeds(await stageFor(attack, { express }))).toBe(false);
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
      expect(await attack.succeeds(await stageFor(attack, {}, weaknesses[needs]))).toBe(true);
    },
  );

  it("and none is left out", () => {
    expect(attacks.length).toBeGreaterThanOrEqual(40);
    expect(new Set(attacks.map(({ title }) => title)).size).toBe(attacks.length);
    expect(Object.keys(weaknesses).filter((name) => !attacks.some(({ needs }) => needs === name))).toEqual(
      [],
    );
  });
});
