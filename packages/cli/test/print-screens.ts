/**
 * Prints every command as a person at a terminal sees it, and what a script gets of it.
 *
 *   node packages/cli/test/print-screens.ts
 */
import { stripVTControlCharacters } from "node:util";
import { playEveryCommand } from "./screens.ts";

const [person, script] = await Promise.all([playEveryCommand("person"), playEveryCommand("script")]);
for (const [nth, { command, exitCode, shown }] of person.entries()) {
  const piped = script[nth];
  console.log(`$ bitbucket-auth ${command}`);
  console.log(stripVTControlCharacters(shown).trimEnd());
  console.log(
    `[exit ${exitCode}; from a script: exit ${piped?.exitCode}, stdout ${count(piped?.shown)}, stderr ${count(piped?.said)}]\n`,
  );
}

function count(text = ""): string {
  const lines = text.split("\n").length - 1;
  return lines === 1 ? "1 line" : `${lines} lines`;
}
