import { execFile } from "node:child_process";
import { readAccountName, gitOriginOf, readEndpoints } from "./environment.js";
import type { Surroundings } from "./accounts.js";
import { setupError } from "./failure.js";

/** Options of `setup-git`. */
export interface SetupGitOptions {
  readonly local?: boolean | undefined;
  readonly undo?: boolean | undefined;
  readonly account?: string | undefined;
  readonly json?: boolean | undefined;
}

/** How this very program is started: the program that runs it, and its file. */
export interface Program {
  readonly execPath: string;
  readonly file: string;
}

/** Makes Git ask this program for Bitbucket's credentials, and this program alone; or takes exactly that back. */
export async function setupGit(
  surroundings: Surroundings,
  program: Program,
  options: SetupGitOptions,
): Promise<void> {
  const { terminal, env } = surroundings;
  const { local = false, undo = false } = options;
  const origin = gitOriginOf(readEndpoints(env));
  const key = helperKey(origin);
  const scope = local ? "--local" : "--global";
  const before = await readHelpers(scope, key, env);
  const ours = undo ? undefined : helperLine(program, readAccountName(options.account, env));
  const after = ours === undefined ? withoutOurHelper(before) : withOurHelper(before, ours);
  const isChanged = before.join("\n") !== after.join("\n");
  for (const edit of isChanged ? helperEdits(key, before, ours) : []) {
    const { exitCode } = await git(["config", scope, ...edit], env);
    if (exitCode !== 0) throw gitFailed(scope);
  }
  const where = local ? "this repository" : "your user";
  if (options.json === true) {
    terminal.answer(JSON.stringify({ key, scope: scope.slice(2), helpers: after, changed: isChanged }));
  }
  if (undo) {
    terminal.say(
      isChanged ? `Git no longer asks bitbucket-auth for ${origin}.` : "There was nothing to undo.",
    );
    return;
  }
  terminal.say(
    `Git asks bitbucket-auth for ${origin} in ${where === "your user" ? "every repository of yours" : where}.`,
  );
  if (/[/\\]_npx[/\\]/.test(program.file)) {
    terminal.say(
      terminal.style(
        "yellow",
        "This copy is in npx's cache, which npm may empty. Install it: npm install --global @bitbucket-auth/cli, then run setup-git again.",
      ),
    );
  }
  terminal.say(`To take it back: bitbucket-auth setup-git --undo${local ? " --local" : ""}`);
}

/** The variable of Git's configuration that names the helpers for one host. */
export function helperKey(origin: string): string {
  return `credential.${origin}.helper`;
}

/** The line that starts this program, for the shell that Git starts helpers with. */
export function helperLine({ execPath, file }: Program, account: string | undefined): string {
  const option = account === undefined ? "" : ` --account ${shellWord(account)}`;
  return `!${shellWord(execPath)} ${shellWord(file)} git-credential${option}`;
}

/** Git for Windows starts helpers with a shell as well, in which a backslash would be lost. */
function shellWord(text: string): string {
  return `'${text.replaceAll("\\", "/").replaceAll("'", String.raw`'\''`)}'`;
}

/** A helper line that an earlier `setup-git` wrote, from whatever place it ran. */
export function isOurHelper(line: string): boolean {
  return /^!'[^\n]+' '[^\n]+' git-credential(?: --account '[^\n']+')?$/.test(line);
}

/** An empty line makes Git forget the helpers it has read so far, so that no other answers for this host or stores what we say. */
export function withOurHelper(lines: readonly string[], ours: string): readonly string[] {
  return [...withoutOurHelper(lines), "", ours];
}

/** The lines without ours, each with the one empty line before it. Lines of others stay, their empty ones as well. */
export function withoutOurHelper(lines: readonly string[]): readonly string[] {
  return lines.filter((line, index) => {
    if (isOurHelper(line)) return false;
    return !(line === "" && isOurHelper(lines[index + 1] ?? ""));
  });
}

/** The helpers that one configuration file names for a host, in their order. */
async function readHelpers(
  scope: "--local" | "--global",
  key: string,
  env: Surroundings["env"],
): Promise<readonly string[]> {
  const { exitCode, stdout } = await git(["config", scope, "--null", "--get-all", key], env);
  // 1: the variable is not there. The file may not be there either.
  if (exitCode !== 0 && exitCode !== 1) throw gitFailed(scope);
  return exitCode === 1 ? [] : stdout.split("\0").slice(0, -1);
}

/** What matches our lines and no others, in the regular expressions of `git config`. */
const ourPattern = "^!'.+' '.+' git-credential( --account '.+')?$";

/**
 * What `git config` is called with, one after the other, to put our helper in place of `before`; `undefined` takes it away. Each
 * call changes the file at once. A kill between two leaves every line of others, and what a second run puts right.
 */
export function helperEdits(
  key: string,
  before: readonly string[],
  ours: string | undefined,
): readonly (readonly string[])[] {
  const others = withoutOurHelper(before);
  const count = before.filter(isOurHelper).length;
  const hasResets = before.length === others.length + 2 * count;
  const additions = ours === undefined ? [] : ["", ours].map((line) => ["--add", key, line]);
  if (count === 0) return additions;
  if (ours !== undefined && hasResets && isOurHelper(before.at(-1) ?? ""))
    return [["--replace-all", key, ours, ourPattern]];
  // Nothing tells our empty line from one of others: then all lines are written anew, and a kill may lose some.
  const removals = others.includes("")
    ? [["--unset-all", key], ...others.map((line) => ["--add", key, line])]
    : [...(before.includes("") ? [["--unset-all", key, "^$"]] : []), ["--unset-all", key, ourPattern]];
  return [...removals, ...additions];
}

function gitFailed(scope: string): Error {
  const next =
    scope === "--local" ? "Run this in a repository, or without --local." : "Try: git config --global --list";
  return setupError(`Git did not change the configuration. ${next}`);
}

function git(
  args: readonly string[],
  env: Surroundings["env"],
): Promise<{ readonly exitCode: number; readonly stdout: string }> {
  return new Promise((resolve, reject) => {
    execFile("git", [...args], { env, timeout: 10_000 }, (error, stdout) => {
      const code: unknown = error ? Reflect.get(error, "code") : 0;
      if (code === "ENOENT") reject(setupError("git is not installed, or not on the PATH."));
      else resolve({ exitCode: typeof code === "number" ? code : -1, stdout });
    });
  });
}
