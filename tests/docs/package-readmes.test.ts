import { describe, expect, it } from "vitest";
import { linksOf } from "./page-links.ts";
import { everyPage } from "./markdown-pages.ts";

const pages = await everyPage();
const readmes = pages.filter(({ page }) => /^packages\/[^/]+\/README\.md$/.test(page));

/** The parts every README has, in this order. */
const parts: readonly (readonly [part: string, pattern: RegExp])[] = [
  ["its name", /^# @bitbucket-auth\/[\w-]+$/m],
  ["what is dangerous", /^\*\*[^*]+\*\*/m],
  ["an example", /^```ts( run)?$/m],
  ["how to install it", /^```sh\nnpm install .*@bitbucket-auth\//m],
  ["what it does and what it leaves", /^## What it does for you, what it leaves to you$/m],
  ["its options", /^## Options/m],
  ["its errors", /^## Errors you will meet$/m],
  ["its guarantees", /^## Guarantees$/m],
  ["links", /SECURITY\.md\)/],
];

describe.each(readmes)("$page", ({ text }) => {
  it("is short", () => expect(text.trimEnd().split("\n").length).toBeLessThan(120));

  it.each(parts)("says %s, in its place", (part, pattern) => {
    const places = parts.map(([, each]) => text.search(each));
    const index = parts.findIndex(([name]) => name === part);
    expect(pattern.test(text)).toBe(true);
    expect(places.slice(0, index).every((place) => place < (places[index] ?? -1))).toBe(true);
  });

  it("links to the documentation", () => {
    const targets = linksOf(text).map(({ target }) => target);
    expect(targets.filter((target) => target.startsWith("../../docs/"))).not.toEqual([]);
  });
});

it("has looked at a README", () => expect(readmes.length).toBeGreaterThan(0));
