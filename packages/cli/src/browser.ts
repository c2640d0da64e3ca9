import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Variables } from "./environment.js";

/** A page that was opened. */
export interface OpenedPage {
  /** Removes the file that led the browser there. */
  remove(): Promise<void>;
}

/**
 * Opens an address in the user's browser; `undefined` where there is none to be found.
 *
 * The address holds the `state` of the sign-in, and the arguments of a process can be read by every user of the machine. So the
 * browser is started with a file (0600, in a directory of 0700) that leads on to the address, as Jupyter does.
 */
export async function openInBrowser(
  address: string,
  { platform, env }: { readonly platform: NodeJS.Platform; readonly env: Variables },
): Promise<OpenedPage | undefined> {
  const opener = findOpener(platform, env);
  if (!opener) return undefined;
  const directory = await mkdtemp(join(tmpdir(), "bitbucket-auth-"));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  const file = join(directory, "sign-in.html");
  await writeFile(file, redirectPage(address), { mode: 0o600, flag: "wx" });
  const [command, ...args] = [...opener, pathToFileURL(file).href];
  if (await start(command, args)) return { remove };
  await remove();
  return undefined;
}

/** The program that opens pages, with its first arguments. `undefined`: none would find a screen. */
export function findOpener(
  platform: NodeJS.Platform,
  env: Variables,
): readonly [string, ...string[]] | undefined {
  if (platform === "darwin") return ["open"];
  if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
  return env["DISPLAY"] || env["WAYLAND_DISPLAY"] ? ["xdg-open"] : undefined;
}

/** A page that goes to the address at once. */
export function redirectPage(address: string): string {
  const safe = address.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  return (
    '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Sign in with Bitbucket</title>' +
    `<meta http-equiv="refresh" content="0; url=${safe}"><p><a href="${safe}">Sign in with Bitbucket</a></p>\n`
  );
}

/** Whether it could be started. It outlives this process. */
function start(command: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { detached: true, stdio: "ignore" });
    child.once("error", () => resolve(false));
    child.once("spawn", () => {
      child.unref();
      resolve(true);
    });
  });
}
