import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { profiles, type Profile } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { root } from "./markdown-pages.ts";
import { rowsUnder } from "./page-tables.ts";

/** A value as the table writes it. */
function written(value: Profile[keyof Profile]): string {
  const text = typeof value === "number" ? value.toLocaleString("en").replaceAll(",", "_") : null;
  return `\`${text ?? JSON.stringify(value)}\``;
}

describe("the table of the fake's dialects", async () => {
  const text = await readFile(join(root, "docs/guides/test-your-app.md"), "utf8");
  const { "cloud-2026": today, "cloud-legacy": legacy, strict } = profiles;

  it("has the values that the fake has", () => {
    const shown = rowsUnder(text, "The dialects").map((cells) => cells.slice(0, 4));
    const knobs = Object.keys(today).filter((knob): knob is keyof Profile => knob in strict);
    const unlessToday = (knob: keyof Profile, value: Profile[keyof Profile]): string =>
      value === today[knob] ? "" : written(value);
    expect(shown).toEqual(
      knobs.map((knob) => [
        `\`${knob}\``,
        written(today[knob]),
        unlessToday(knob, legacy[knob]),
        unlessToday(knob, strict[knob]),
      ]),
    );
  });
});
