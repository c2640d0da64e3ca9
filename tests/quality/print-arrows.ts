// Prints rooms and arrows: for each folder of a package's `src`, its files, the imports between them, and those that lead out.
//   node tests/quality/print-arrows.ts [package]
import { join } from "node:path";
import process from "node:process";
import { findCircles, placeOf, readArrows } from "./arrows.ts";
import { root, table } from "./recorded-section.ts";

const [name = "core", from = root] = process.argv.slice(2);
const arrows = await readArrows(join(from, "packages", name, "src"));
const places = [...new Set([...arrows.keys()].map(placeOf))];
const rows = places.map((place) => {
  const files = [...arrows].filter(([file]) => placeOf(file) === place);
  const imported = files.flatMap(([, others]) => others);
  const inside = imported.filter((other) => placeOf(other) === place);
  const outside = new Set(imported.map(placeOf).filter((other) => other !== place));
  return [
    place,
    String(files.length),
    String(inside.length),
    String(imported.length - inside.length),
    [...outside].join(" "),
  ];
});
console.log(table(["place", "files", "arrows inside", "arrows out", "to"], rows));
console.log(
  `circles: ${
    findCircles(arrows)
      .map((circle) => circle.join(" "))
      .join("; ") || "none"
  }`,
);
