import { describe, expect, it } from "vitest";
import { toMarkdown } from "../results/markdown-table.ts";

const table = {
  title: "Callers",
  method: "They all ask.",
  columns: ["Library", "Requests", "Outcome"],
  rows: [
    ["ours", "1", "alive"],
    ["theirs", "1,000", "dead"],
    ["others", "–", "–"],
  ],
  reading: "One is right.",
};

describe("toMarkdown()", () => {
  it("writes heading, method, rows and reading", () => {
    expect(toMarkdown(table)).toBe(`### Callers

They all ask.

| Library | Requests | Outcome |
| --- | ---: | --- |
| ours | 1 | alive |
| theirs | 1,000 | dead |
| others | – | – |

One is right.`);
  });

  it("lets no cell break out of its row", () => {
    const page = toMarkdown({ ...table, rows: [["a|b\nc", "2", "x"]] });
    expect(page).toContain("\n| a\\|b c | 2 | x |\n");
  });
});
