/**
 * Writes `THIRD-PARTY-NOTICES.md` for the package in the working directory: the licences of what is built into it, which ask to
 * go where their code goes. Build first.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { builtInto, type BuiltIn } from "./built-in.ts";

const { name: ours } = JSON.parse(await readFile("package.json", "utf8")) as { readonly name: string };

async function notice({ name, version, license, directory }: BuiltIn): Promise<string> {
  const file = (await readdir(directory)).find((each) => /^licen[cs]e(?:\.\w+)?$/i.test(each));
  if (file === undefined) throw new Error(`${name} has no licence in it`);
  return `## ${name} ${version} (${license})\n\n${(await readFile(join(directory, file), "utf8")).trim()}\n`;
}

const notices = await Promise.all((await builtInto(".")).map(notice));
await writeFile("THIRD-PARTY-NOTICES.md", [`# What is built into ${ours}\n`, ...notices].join("\n"));
