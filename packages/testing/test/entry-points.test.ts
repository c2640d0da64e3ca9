import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const packageUrl = new URL("../", import.meta.url);

/** Every file an entry loads, and every package or built-in it asks for, found by following its imports. */
async function loads(entry: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const visit = async (file: URL): Promise<void> => {
    if (found.has(file.href)) return;
    found.add(file.href);
    const source = await readFile(file, "utf8");
    const imports = source.matchAll(/\bfrom "([^"]+)";$|^import "([^"]+)";$|\bimport\("([^"]+)"\)/gm);
    for (const [, from, bare, dynamic] of imports) {
      const specifier = from ?? bare ?? dynamic ?? "";
      if (specifier.startsWith(".")) await visit(new URL(specifier, file));
      else found.add(specifier);
    }
  };
  await visit(new URL(`dist/${entry}.js`, packageUrl));
  return found;
}

async function outside(entry: string): Promise<readonly string[]> {
  return [...(await loads(entry))].filter((loaded) => !loaded.startsWith("file:")).toSorted();
}

describe("the entry points", () => {
  it.each([
    ["index", []],
    ["fixtures", []],
    ["legacy", []],
    ["vitest", []],
    ["jest", []],
    ["msw", ["msw"]],
    ["node", ["node:assert"]],
    ["server", ["node:http"]],
  ])("%s loads %j from outside and nothing else", async (entry, expected) => {
    expect(await outside(entry)).toEqual(expected);
  });

  it("storage-contract loads no msw and nothing of the fake", async () => {
    const loaded = [...(await loads("storage-contract"))];
    expect(loaded.filter((name) => /msw|bitbucket-mock|server\.js/.test(name))).toEqual([]);
  });

  it("are all in exports and load by name", async () => {
    const manifest = JSON.parse(await readFile(new URL("package.json", packageUrl), "utf8")) as {
      name: string;
      exports: Record<string, unknown>;
    };
    const entries = Object.keys(manifest.exports).filter((name) => name !== "./package.json");
    const script = entries
      .map((entry) => `await import(${JSON.stringify(manifest.name + entry.slice(1))});`)
      .join("");
    const { stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
      cwd: packageUrl,
    });
    expect(stderr).toBe("");
    expect(entries).toEqual(
      expect.arrayContaining([
        ".",
        "./msw",
        "./server",
        "./vitest",
        "./jest",
        "./node",
        "./fixtures",
        "./legacy",
      ]),
    );
  });
});
