import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../consumers/packed-packages.ts";

const run = promisify(execFile);

/** The compilers that users have, the oldest we promise first, by the name under which this workspace has them. */
export const compilers = {
  "TypeScript 5.4": "typescript54",
  "TypeScript 5.9": "typescript5",
  "TypeScript 7": "typescript",
} as const;

/** How a user's project finds modules. */
export const resolutions = {
  nodenext: { module: "nodenext" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
} as const;

/** What is there besides the language: either Node's types and no page's, or a page's and nothing of Node. */
export const platforms = {
  Node: { types: ["node"], lib: ["es2023"] },
  "a page": { types: [], lib: ["es2023", "dom", "dom.iterable", "dom.asynciterable"] },
} as const;

/** What is compiled, and with which settings. */
export interface Compilation {
  readonly compiler: keyof typeof compilers;
  readonly resolution: keyof typeof resolutions;
  readonly platform: keyof typeof platforms;
  /** Relative to the directory. */
  readonly files: readonly string[];
  /** `true` where the types of another project's package are not ours to judge. */
  readonly skipLibCheck?: boolean;
}

/** Compiles as strictly as users may, writes nothing, and answers what the compiler had to say. */
export async function compile(
  directory: string,
  { compiler, resolution, platform, files, skipLibCheck = false }: Compilation,
): Promise<string> {
  const compilerOptions = {
    ...resolutions[resolution],
    ...platforms[platform],
    target: "es2022",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck,
    noEmit: true,
  };
  const config = join(directory, "tsconfig.json");
  await writeFile(config, JSON.stringify({ compilerOptions, files }));
  const tsc = join(root, "tests", "node_modules", compilers[compiler], "bin", "tsc");
  const { stdout } = await run(process.execPath, [tsc, "-p", config, "--pretty", "false"]).catch(
    (error: { stdout: string }) => error,
  );
  return stdout;
}
