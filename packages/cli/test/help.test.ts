import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { describeCommands } from "../src/program.ts";
import { frequentOptions, readFrequent } from "../src/run.ts";

const page = (path: string): Promise<string> => readFile(new URL(path, import.meta.url), "utf8");

const terminal = {
  isInteractive: false,
  answer: () => undefined,
  say: () => undefined,
  style: (_style: string, text: string) => text,
  ask: async () => "",
  readAll: async () => "",
  close: () => undefined,
};
const [program, ...commands] = describeCommands({
  env: {},
  terminal,
  program: { execPath: "node", file: "main.js" },
  print: () => undefined,
});

describe("docs/command-line.md", () => {
  it("holds the help of every command, as it is printed", async () => {
    const sections = [program, ...commands].map((each) => {
      const heading = each === program ? "bitbucket-auth" : `bitbucket-auth ${each?.name}`;
      return `## ${heading}\n\n\`\`\`text\n${each?.help}\n\`\`\`\n`;
    });
    const intro =
      "# The command line\n\nThe help of every command of [`@bitbucket-auth/cli`](../packages/cli/README.md).\n";
    await expect([intro, ...sections].join("\n")).toMatchFileSnapshot("../../../docs/command-line.md");
  });
});

describe("packages/cli/README.md", () => {
  it("names every command, and no other", async () => {
    const readme = await page("../README.md");
    const table = readme.slice(readme.indexOf("| Command"), readme.indexOf("`doctor --live`"));
    const named = [...table.matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => name);
    expect(named).toEqual([...commands.map(({ name }) => name), "help"]);
  });

  it("has the exit codes of the help", async () => {
    const readme = await page("../README.md");
    const documented = [...readme.matchAll(/^\| (\d) {2,}\| ([^:;|]+)/gm)].map(
      ([, code, words]) => `${code}  ${words?.trim()}`,
    );
    expect(documented).toHaveLength(5);
    for (const row of documented) expect(program?.help).toContain(row);
  });
});

describe("readFrequent()", () => {
  it("knows the options that the help of each command names", () => {
    for (const [name, options] of Object.entries(frequentOptions)) {
      const long = commands.find((each) => each.name === name)?.options;
      expect(new Set(Object.keys(options))).toEqual(new Set(long));
    }
  });

  it("reads as the parser does, and leaves to it what has to be explained", () => {
    expect(readFrequent(["token", "--account=work", "--min-validity", "10m", "--json"])).toMatchObject({
      command: "token",
      options: { account: "work", minValidity: "10m", json: true },
    });
    expect(readFrequent(["git-credential", "get"])).toMatchObject({ operation: "get" });
    for (const args of [
      ["token", "--help"],
      ["token", "extra"],
      ["token", "--acount", "x"],
      ["git-credential"],
      ["status"],
      [],
    ])
      expect(readFrequent(args)).toBeUndefined();
  });
});
