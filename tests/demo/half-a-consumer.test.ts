import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const run = promisify(execFile);

/** Starts a program with these variables and no others of ours; answers how it ended. */
async function outcomeOf(
  program: string,
  variables: Readonly<Record<string, string>>,
): Promise<{ code?: number; stderr: string }> {
  const { PATH = "", HOME = "" } = process.env;
  const env = { PATH, HOME, PORT: "0", STATIC_PORT: "0", ...variables };
  const file = fileURLToPath(new URL(`../../examples/${program}`, import.meta.url));
  return run(process.execPath, [file], { env, timeout: 30_000 }).catch(
    (error: { code?: number; stderr: string }) => error,
  );
}

describe.each(["express-app/src/main.ts", "browser-app/src/main.ts"])("%s", (program) => {
  it.each([
    ["BITBUCKET_CLIENT_ID", "BITBUCKET_CLIENT_SECRET"],
    ["BITBUCKET_CLIENT_SECRET", "BITBUCKET_CLIENT_ID"],
  ])("with %s alone asks for %s, and does not fall back to a fake", async (given, missing) => {
    const { code, stderr } = await outcomeOf(program, { [given]: "of a consumer" });
    expect(stderr).toContain(`${missing} is not set`);
    expect(code).toBe(1);
  });
});
