import { posix, resolve, win32 } from "node:path";
import { InvalidOptionsError } from "@bitbucket-auth/core";

/** What of this machine decides where files go. Passed in, so that the rules of every platform can be tested on any. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The home directory of the user. */
  readonly home: string;
}

/** Where a program keeps its things. */
export interface AppDirectories {
  /** For records. Data and not configuration: people publish their dotfiles. */
  readonly data: string;
  /** For the key that opens the records, apart from them: a copy of either directory alone opens nothing. */
  readonly config: string;
}

/** The places that each platform's own conventions give to a program of this name. */
export function appDirectories(appName: string, { platform, env, home }: Machine): AppDirectories {
  assertDirectoryName(appName);
  if (platform === "win32") {
    const local = env["LOCALAPPDATA"] || win32.join(home, "AppData", "Local");
    const roaming = env["APPDATA"] || win32.join(home, "AppData", "Roaming");
    return { data: win32.join(local, appName, "Data"), config: win32.join(roaming, appName, "Config") };
  }
  const onMac = platform === "darwin";
  const base = (variable: string, fallback: string): string => {
    const given = env[variable];
    // The XDG specification tells programs to ignore a relative path.
    return given && posix.isAbsolute(given) ? given : posix.join(home, fallback);
  };
  return {
    data: posix.join(base("XDG_DATA_HOME", onMac ? "Library/Application Support" : ".local/share"), appName),
    config: posix.join(base("XDG_CONFIG_HOME", onMac ? "Library/Preferences" : ".config"), appName),
  };
}

/** The directory that a caller chose, or the one of the platform. An empty path would be the working directory. */
export function chosenDirectory(chosen: unknown, fallback: string): string {
  if (chosen === undefined) return resolve(fallback);
  if (typeof chosen === "string" && chosen !== "" && !chosen.includes("\0")) return resolve(chosen);
  throw new InvalidOptionsError(
    "`directory` must be a path. Leave it out to use the data directory of `appName`.",
  );
}

/** A name such as `../other` would put files where nobody looks for them. */
function assertDirectoryName(appName: string): void {
  if (typeof appName === "string" && /^[^./\\:*?"<>|\p{Cc}][^/\\:*?"<>|\p{Cc}]{0,99}$/u.test(appName)) return;
  throw new InvalidOptionsError(
    `appName ${JSON.stringify(appName)} cannot name a directory. Use letters, digits, spaces, "-", "_" and ".", not "." first.`,
  );
}
