// Runs a command of the root's scripts where only Node and npm are given: finds the pnpm that `packageManager` pins, which
// installs what is missing, builds every package, and runs the command.
//
//   node scripts/pnpm.mjs ["command" [argument ...]]
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const { packageManager } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

const [command, ...given] = process.argv.slice(2);
const build = "turbo run build --output-logs=errors-only --log-prefix=none";
const line = command === undefined ? build : [`${build} && ${command}`, ...given.map(quote)].join(" ");

// `npm_config_user_agent` names the program that runs this script: "pnpm/12.21.0 …" or "npm/11.19.1 …".
const isPinned = process.env.npm_config_user_agent?.startsWith(`${packageManager.replace("@", "/")} `);
// `--prefer-offline`: or npx asks the network first, even for a version that is here. `--allow-scripts`: npm 12 blocks the
// script that puts pnpm's binary in place.
const pnpm = isPinned ? "pnpm" : `npx --yes --prefer-offline --allow-scripts=pnpm ${packageManager}`;

const child = spawn(`${pnpm} exec -c ${quote(line)}`, {
  cwd: root,
  shell: true,
  stdio: "inherit",
  env: { TURBO_TELEMETRY_DISABLED: "1", ...process.env },
});
// Ctrl+C reaches the child as well: what it does on the way out is worth waiting for.
process.on("SIGINT", () => {});
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
});

/** One word for the shell, whatever it contains. */
function quote(word) {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return process.platform === "win32"
    ? `"${word.replaceAll('"', '""')}"`
    : `'${word.replaceAll("'", `'\\''`)}'`;
}
