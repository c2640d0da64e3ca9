import { describe, expect, it } from "vitest";
import { sectionOf, withSection } from "../results/page-section.ts";

describe("withSection()", () => {
  const page = withSection(withSection("# Results\n", "rivals", "old"), "scale", "kept");

  it("adds a section that is not there yet at the end", () => {
    expect(page).toBe(
      "# Results\n\n<!-- rivals -->\n\nold\n\n<!-- /rivals -->\n\n<!-- scale -->\n\nkept\n\n<!-- /scale -->\n",
    );
  });

  it("replaces one section and leaves the others alone", () => {
    const replaced = withSection(page, "rivals", "new");
    expect(sectionOf(replaced, "rivals")).toBe("new");
    expect(sectionOf(replaced, "scale")).toBe("kept");
    expect(replaced).not.toContain("old");
  });

  it("changes nothing when the text is the same", () => {
    expect(withSection(page, "rivals", "old")).toBe(page);
  });

  it("takes text that a replacement pattern would change", () => {
    expect(sectionOf(withSection(page, "rivals", "$& costs $1"), "rivals")).toBe("$& costs $1");
  });
});

describe("sectionOf()", () => {
  it("is empty when there is no such section", () => {
    expect(sectionOf("# Results\n", "rivals")).toBe("");
  });
});
