import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";

const main = fileURLToPath(new URL("../../examples/browser-app/src/main.ts", import.meta.url));

type Program = ChildProcessByStdio<null, Readable, Readable>;

/** Starts the example as its README says. */
function startProgram(variables: Readonly<Record<string, string>>): Program {
  const { PATH = "", HOME = "" } = process.env;
  const program = spawn(process.execPath, [main], {
    env: { PATH, HOME, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void program.kill("SIGKILL"));
  return program;
}

/** What it printed by the time it was ready, or ended. */
async function readUntilReady(program: Program): Promise<string> {
  let printed = "";
  for await (const chunk of program.stdout) {
    printed += String(chunk);
    if (printed.includes("Ctrl-C")) break;
  }
  return printed;
}

describe("the program behind `npm run demo:browser`", () => {
  it("prints where both pages are, serves them under a strict policy, and ends when it is told to", async () => {
    const program = startProgram({ PORT: "0", STATIC_PORT: "0" });
    const ended = once(program, "exit");
    const urls = [...(await readUntilReady(program)).matchAll(/Open (http:\/\/localhost:\d+)/g)];
    const answers = await Promise.all(urls.map(([, url]) => fetch(url ?? "")));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    for (const { headers } of answers) {
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toMatch(/^default-src 'self';/);
      expect(policy).not.toMatch(/unsafe|\*|data:/);
    }
    program.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });

  it.each(["PORT", "STATIC_PORT"])("names %s when that is taken, and ends", async (variable) => {
    const first = startProgram({ PORT: "0", STATIC_PORT: "0" });
    const [, port = ""] = /localhost:(\d+)/.exec(await readUntilReady(first)) ?? [];
    const second = startProgram({ PORT: "0", STATIC_PORT: "0", [variable]: port });
    const [told, ended] = await Promise.all([text(second.stderr), once(second, "exit")]);
    expect(told).toBe(`Port ${port} is taken. Choose another: ${variable}=3002\n`);
    expect(ended).toEqual([1, null]);
  });
});
