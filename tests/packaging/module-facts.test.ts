import { describe, expect, it } from "vitest";
import { packageOf, readModule } from "./module-facts.ts";

describe("readModule()", () => {
  it("finds what comes from outside, however it is written", () => {
    const text = `
      /// <reference types="express" />
      import { a } from "node:fs";
      import "./near.js";
      export { b } from "zod/mini";
      export declare const c: import("@scope/name/part").C;
      const d = () => import("jose");`;
    expect(readModule(text).imports.toSorted()).toEqual([
      "@scope/name/part",
      "express",
      "jose",
      "node:fs",
      "zod/mini",
    ]);
  });

  it("finds nothing in a text, whatever quotation marks a regular expression before it has", () => {
    const text =
      "const a = /[\"'`]/; const b = `c`; const d = `node -e \"require('crypto')\"`; const e = require('f');";
    expect(readModule(text).imports).toEqual(["f"]);
  });

  it.each([
    "await load();",
    "export const a = [await load()];",
    "for await (const a of b) c(a);",
    "if (a) await b;",
  ])("sees that %s waits while the module loads", (text) => expect(readModule(text).awaitsOnLoad).toBe(true));

  it.each([
    "const a = async () => await b;",
    "class A { async b() { await c; } }",
    "async function a() { await b; }",
  ])("sees that %s does not", (text) => expect(readModule(text).awaitsOnLoad).toBe(false));
});

describe("packageOf()", () => {
  it.each([
    ["zod", "zod"],
    ["zod/mini", "zod"],
    ["@scope/name/part", "@scope/name"],
    ["node:fs/promises", "node:fs/promises"],
  ])("names the package of %s", (imported, expected) => {
    expect(packageOf(imported)).toBe(expected);
  });
});
