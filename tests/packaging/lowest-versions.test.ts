import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../consumers/packed-packages.ts";
import { readManifest } from "./installed-alone.ts";
import { lowestInReadme } from "./lowest-consumers.ts";
import { lowestVersions, takesNode } from "./lowest-versions.ts";
import { refusingNode } from "./refusing-node.ts";

describe("lowestVersions()", () => {
  it("answers the lower end of each alternative", () => {
    expect(lowestVersions("^2.10.0 || ^3.0.0")).toEqual(["2.10.0", "3.0.0"]);
    expect(lowestVersions(">=5 <7")).toEqual(["5.0.0"]);
    expect(lowestVersions("~1.2||>= 18.1 || 4.6.7")).toEqual(["1.2.0", "18.1.0", "4.6.7"]);
  });

  it.each(["*", "<7", "latest", ">5", "5.x", "^1.0.0-beta.1", "workspace:^", ""])(
    "throws when asked for the lower end of %j",
    (range) => {
      expect(() => lowestVersions(range)).toThrow("has no lower end");
    },
  );
});

describe("lowestInReadme()", () => {
  it("answers the first version of what a README calls good from there on", () => {
    const readme = "Express 5, or 4.21 and later. `jest` 28 and later, or `express-session` 1.17 and later.";
    expect(lowestInReadme(readme)).toEqual({ jest: "28.0.0", "express-session": "1.17.0" });
  });
});

describe("takesNode()", () => {
  it("lets in what is at or above the lower end, and with a caret of that major alone", () => {
    expect(takesNode(">=18", "20.19.0")).toBe(true);
    expect(takesNode(">= 20.19.0", "20.19.0")).toBe(true);
    expect(takesNode(">=20.9", "20.19.0")).toBe(true);
    expect(takesNode(">=22", "20.19.0")).toBe(false);
    expect(takesNode("^20.20.0 || >=22", "20.19.0")).toBe(false);
    expect(takesNode("^18.0.0 || ^20.0.0 || >=22.0.0", "20.19.0")).toBe(true);
    expect(takesNode("^18.0.0 || >=22.0.0", "20.19.0")).toBe(false);
  });
});

const folders = await readdir(join(root, "packages"));

describe("every dependency of", () => {
  it.each(folders)("%s runs on each Node that the package promises", async (folder) => {
    const directory = join(root, "packages", folder);
    const { dependencies = {} } = await readManifest(directory);
    expect(await refusingNode(directory, directory, Object.keys(dependencies))).toEqual([]);
  });
});
