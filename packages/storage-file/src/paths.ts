import { createHash } from "node:crypto";
import { posix, resolve, win32 } from "node:path";
import { InvalidOptionsError, StorageError } from "@bitbucket-auth/core";

/** What of this machine decides where files go. Passed in, so that the rules of every platform can be tested on any. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The home directory of the user. Asked for only when a path depends on it; may throw when there is none. */
  readonly home: () => string;
}

/** Where a storage keeps records and key. Resolved when it is created, so that a later `chdir` changes nothing. */
export interface StorageDirectories {
  /** For records. Data and not configuration, because configuration is what users publish ("dotfiles"). */
  readonly records: string;
  /** For the key that opens the records, apart from them: a copy of either directory alone opens nothing. */
  readonly key: KeyDirectory;
}

/** The directory of the key; an error where it depends on a home and there is none. Not every storage needs its own key. */
export type KeyDirectory = { readonly path: string } | { readonly error: StorageError };

/** The places a caller chose, or those that the conventions of each platform give to a program of this name. */
export function storageDirectories(
  {
    appName,
    directory,
    keyDirectory,
  }: { readonly appName: string; readonly directory: unknown; readonly keyDirectory: unknown },
  machine: Machine,
): StorageDirectories {
  assertDirectoryName(appName);
  const records = chosenDirectory(directory, "directory") ?? dataDirectory(appName, machine);
  if (records === null) {
    throw new InvalidOptionsError(noHome("records", "`directory`", machine, "LOCALAPPDATA", "XDG_DATA_HOME"));
  }
  const key = chosenDirectory(keyDirectory, "keyDirectory") ?? configDirectory(appName, machine);
  if (key !== null) return { records, key: { path: key } };
  const message = noHome("the encryption key", "`keyDirectory`", machine, "APPDATA", "XDG_CONFIG_HOME");
  return { records, key: { error: new StorageError(message, { action: "fix_config" }) } };
}

/** Where the platform keeps the data of a program. `null`: that is below the home, and there is none. */
function dataDirectory(appName: string, machine: Machine): string | null {
  if (machine.platform === "win32") {
    return belowWindowsProfile(machine, "LOCALAPPDATA", ["AppData", "Local"], [appName, "Data"]);
  }
  const usual = machine.platform === "darwin" ? "Library/Application Support" : ".local/share";
  return belowHome(machine, "XDG_DATA_HOME", usual, appName);
}

/** Where the platform keeps the configuration of a program. `null`: that is below the home, and there is none. */
function configDirectory(appName: string, machine: Machine): string | null {
  if (machine.platform === "win32") {
    return belowWindowsProfile(machine, "APPDATA", ["AppData", "Roaming"], [appName, "Config"]);
  }
  const usual = machine.platform === "darwin" ? "Library/Preferences" : ".config";
  return belowHome(machine, "XDG_CONFIG_HOME", usual, appName);
}

function belowHome(machine: Machine, variable: string, usual: string, appName: string): string | null {
  const given = machine.env[variable];
  // Note: the XDG specification tells programs to ignore a relative path.
  if (given && posix.isAbsolute(given)) return posix.join(given, appName);
  const home = homeOf(machine);
  return home !== null && posix.isAbsolute(home) ? posix.join(home, usual, appName) : null;
}

function belowWindowsProfile(
  machine: Machine,
  variable: string,
  usual: readonly string[],
  own: readonly string[],
): string | null {
  const given = machine.env[variable];
  if (given && win32.isAbsolute(given)) return win32.join(given, ...own);
  const home = homeOf(machine);
  return home !== null && win32.isAbsolute(home) ? win32.join(home, ...usual, ...own) : null;
}

/** The home, or `null`. Node throws for a user without one, and answers an empty `HOME` as it is. */
function homeOf({ home }: Machine): string | null {
  try {
    return home();
  } catch {
    return null;
  }
}

function noHome(
  what: string,
  option: string,
  { platform }: Machine,
  windows: string,
  others: string,
): string {
  const [home, variable] = platform === "win32" ? ["USERPROFILE", windows] : ["HOME", others];
  return (
    `There is no place for ${what}: this user has no home directory, ${home} and ${variable} are not set or no absolute paths. ` +
    `Pass ${option}, or set one of the two.`
  );
}

/** `~`, `$HOME`, `${HOME}`, `%APPDATA%` as the first name of a path, and the address of a file. */
const spelledForAShell = /^(?:~[\w.-]*|\$\w+|\$\{\w+\}|%\w+%)(?:[/\\]|$)|^file:/i;

/** The directory that a caller chose. An empty path would be the working directory. */
function chosenDirectory(chosen: unknown, option: string): string | null {
  if (chosen === undefined) return null;
  if (typeof chosen === "string" && chosen.trim() !== "" && !chosen.includes("\0")) {
    if (!spelledForAShell.test(chosen)) return resolve(chosen);
    throw new InvalidOptionsError(
      `\`${option}\` begins with ${JSON.stringify(chosen.split(/[/\\]/, 1)[0])}, which only a shell or a URL parser reads: as it is, tokens would land in the ` +
        "working directory. Pass a path, such as `join(homedir(), …)` of node:os or `fileURLToPath(…)` of node:url.",
    );
  }
  throw new InvalidOptionsError(
    `\`${option}\` must be a path. Leave it out to use the directory that the platform gives to \`appName\`.`,
  );
}

/** Refuses a name such as `../other`, which would put files outside the directories of the program. */
function assertDirectoryName(appName: string): void {
  if (typeof appName === "string" && /^[^./\\:*?"<>|\p{Cc}][^/\\:*?"<>|\p{Cc}]{0,99}$/u.test(appName)) return;
  throw new InvalidOptionsError(
    `appName ${JSON.stringify(appName)} cannot name a directory. Use letters, digits, spaces, "-", "_" and ".", not "." first.`,
  );
}

const alphabet = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * The directory of a key: base32 of its SHA-256. Whatever a key holds (`..`, `:`, a name reserved by Windows), no part of
 * it reaches the path, and a file system that ignores case cannot confuse two keys.
 */
export function entryDirectoryName(key: string): string {
  assertWellFormed("key", key);
  const bits = Array.from(createHash("sha256").update(key).digest(), (byte) =>
    byte.toString(2).padStart(8, "0"),
  );
  const groups = bits.join("").match(/.{1,5}/g) ?? [];
  return groups.map((group) => alphabet[Number.parseInt(group.padEnd(5, "0"), 2)]).join("");
}

/** Refuses what not every storage can keep apart: databases take no NUL, and as bytes every lone surrogate is the same U+FFFD. */
export function assertWellFormed(what: "key" | "owner" | "version", text: string): void {
  if (!/[\0\p{Surrogate}]/u.test(text)) return;
  throw new StorageError(`The ${what} holds NUL or a lone surrogate. Use well-formed text.`, {
    action: "fix_config",
  });
}

/** Files that follow each other in a directory are numbered; the highest number is the one that counts. */
export type NumberedKind = "json" | "lease";

/** The name of the nth file of a kind. */
export function numberedName(kind: NumberedKind, number: number): string {
  return `${number}.${kind}`;
}

/** The numbers of the files of a kind, highest first. Files of other names are ignored. */
export function numbersOf(kind: NumberedKind, names: readonly string[]): number[] {
  return names
    .map((name) => /^([1-9]\d{0,14})\.([a-z]+)$/.exec(name))
    .filter((match) => match?.[2] === kind)
    .map((match) => Number(match?.[1]))
    .toSorted((one, other) => other - one);
}
