import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";

const run = promisify(execFile);
const here = fileURLToPath(new URL("../", import.meta.url));

/** The example as a file of this package, so that its types are left out and its imports resolve. */
async function writeProgram(code: string): Promise<string> {
  const directory = await mkdtemp(`${here}test/.readme-`);
  onTestFinished(() => rm(directory, { recursive: true }));
  const program = join(directory, "example.ts");
  await writeFile(program, code);
  return program;
}

describe("the guide to other clients", () => {
  it("calls with axios, ofetch and openapi-fetch as it shows", async () => {
    const text = await readFile(`${here}../../docs/guides/use-another-client.md`, "utf8");
    const blocks = Array.from(text.matchAll(/^```ts run\n(.*?)^```$/gms), ([, code = ""]) => code);
    const example = blocks.find((code) => code.includes('"axios"')) ?? "";
    const program = await writeProgram(example);
    const { stdout } = await run(process.execPath, [program], { cwd: here });
    expect(stdout).toBe("alice\nalice\nalice\n");
  });
});
