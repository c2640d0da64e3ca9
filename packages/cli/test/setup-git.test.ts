import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findOpener, redirectPage } from "../src/browser.ts";
import { helperEdits, helperLine, isOurHelper, withoutOurHelper, withOurHelper } from "../src/setup-git.ts";
import { openCommandLine, startProcess, type CommandLine } from "./command-line.ts";

let line: CommandLine;
beforeEach(async () => {
  line = await openCommandLine();
});
afterEach(() => line.close());

describe("setup-git", () => {
  const helpers = async (scope = "--global", cwd = line.home): Promise<string> => {
    const running = startProcess(
      "git",
      ["config", scope, "--get-all", `credential.${line.server.url}.helper`],
      {
        env: line.env,
        cwd,
      },
    );
    return (await running.ended).stdout;
  };

  it("writes a reset and its helper, once however often it runs, and takes exactly those back", async () => {
    const config = join(line.home, ".gitconfig");
    const before = `[user]\n\tname = Alice\n[credential "${line.server.url}"]\n\thelper = store\n`;
    await writeFile(config, before);
    for (let nth = 0; nth < 2; nth += 1) {
      expect((await line.run(["setup-git"])).exitCode).toBe(0);
      expect(await helpers()).toMatch(/^store\n\n!'[^']+node' '[^']+main.js' git-credential\n$/);
    }
    expect((await line.run(["setup-git", "--undo"])).exitCode).toBe(0);
    expect(await readFile(config, "utf8")).toBe(before);
    expect((await line.run(["setup-git", "--undo"])).stderr).toContain("There was nothing to undo.");
  });

  it("that is killed between two changes of Git loses no line of others, and a second run ends it", async () => {
    const config = join(line.home, ".gitconfig");
    const before = `[credential "${line.server.url}"]\n\thelper = store\n\thelper = cache\n`;
    const git = join(line.home, "bin", "git");
    await mkdir(join(line.home, "bin"));
    // Git, but whoever lets it change something for the nth time is killed after that.
    await writeFile(
      git,
      `#!/bin/sh
PATH="\${PATH#*:}"
git "$@" || exit
case " $* " in
*" --get-all "*) ;;
*) echo >> "$HOME/changes"; [ "$(wc -l < "$HOME/changes")" -lt "$KILL_AT" ] || kill -9 $PPID ;;
esac
`,
      { mode: 0o755 },
    );
    const killAt = async (nth: number, ...args: readonly string[]): Promise<boolean> => {
      await writeFile(join(line.home, "changes"), "");
      const env = { PATH: `${join(line.home, "bin")}:${line.env["PATH"]}`, KILL_AT: String(nth) };
      const { signal } = await line.run(["setup-git", ...args], { env });
      expect((await helpers()).split("\n").slice(0, 2)).toEqual(["store", "cache"]);
      return signal === "SIGKILL";
    };
    const kills: boolean[] = [];
    for (const nth of [1, 2]) {
      await writeFile(config, before);
      kills.push(await killAt(nth));
      await line.run(["setup-git"]);
      expect(await helpers()).toMatch(/^store\ncache\n\n+!'[^']+' '[^']+' git-credential\n$/);

      await writeFile(config, before);
      await line.run(["setup-git", "--account", "old"]);
      kills.push(await killAt(nth));
      await line.run(["setup-git"]);
      expect(await helpers()).toMatch(/^store\ncache\n\n!'[^']+' '[^']+' git-credential\n$/);

      kills.push(await killAt(nth, "--undo"));
      await line.run(["setup-git", "--undo"]);
      expect(await readFile(config, "utf8")).toBe(before);
    }
    expect(kills).toEqual([true, true, true, true, false, true]);
  });

  it("--local writes to the repository alone, with the account", async () => {
    await startProcess("git", ["init", "--quiet", "here"], { env: line.env, cwd: line.home }).ended;
    const cwd = join(line.home, "here");
    const { exitCode } = await line.run(["setup-git", "--local", "--account", "work"], { cwd });
    expect(exitCode).toBe(0);
    expect(await helpers("--local", cwd)).toMatch(/git-credential --account 'work'\n$/);
    expect(await helpers()).toBe("");
    await line.run(["setup-git", "--local", "--undo"], { cwd });
    expect(await helpers("--local", cwd)).toBe("");
  });

  it("--local outside a repository exits with 4", async () => {
    const { exitCode, stderr } = await line.run(["setup-git", "--local"]);
    expect(exitCode).toBe(4);
    expect(stderr).toContain("Run this in a repository");
  });
});

describe("the lines of setup-git", () => {
  const program = { execPath: "/usr/bin/node", file: "/opt/the user's/main.js" };
  const ours = helperLine(program, undefined);

  it("survive the shell that Git starts them with", () => {
    expect(ours).toBe(String.raw`!'/usr/bin/node' '/opt/the user'\''s/main.js' git-credential`);
    expect(isOurHelper(ours)).toBe(true);
    expect(isOurHelper(helperLine(program, "work"))).toBe(true);
    expect(
      helperLine({ execPath: String.raw`C:\node.exe`, file: String.raw`C:\cli\main.js` }, undefined),
    ).toBe("!'C:/node.exe' 'C:/cli/main.js' git-credential");
  });

  it("leave the lines of others where they are", () => {
    const others = ["store", "", "!gh auth git-credential", "!'/bin/other' git-credential"];
    expect(others.filter(isOurHelper)).toEqual([]);
    const written = withOurHelper(others, ours);
    expect(written).toEqual([...others, "", ours]);
    expect(withOurHelper(written, helperLine(program, "work"))).toHaveLength(written.length);
    expect(withoutOurHelper([...written, "cache"])).toEqual([...others, "cache"]);
  });

  it("are taken away one by one, unless an empty line of others stands among them", () => {
    const changes = (before: readonly string[], given?: string): readonly string[] =>
      helperEdits("key", before, given).map((edit) => edit.slice(0, 3).join(" "));
    expect(changes(["store", "", ours])).toEqual([
      "--unset-all key ^$",
      expect.stringContaining("--unset-all key ^!"),
    ]);
    expect(changes(["store", ours])).toEqual([expect.stringContaining("--unset-all key ^!")]);
    expect(changes(["", "store", "", ours])).toEqual(["--unset-all key", "--add key ", "--add key store"]);
    expect(changes(["store", "", ours, "cache"], ours).slice(-2)).toEqual([
      "--add key ",
      `--add key ${ours}`,
    ]);
  });
});

describe("the browser", () => {
  it("is not looked for where there is no screen", () => {
    expect(findOpener("linux", {})).toBeUndefined();
    expect(findOpener("linux", { WAYLAND_DISPLAY: "wayland-0" })).toEqual(["xdg-open"]);
    expect(findOpener("darwin", {})).toEqual(["open"]);
    expect(findOpener("win32", {})).toEqual(["rundll32", "url.dll,FileProtocolHandler"]);
  });

  it("gets a page that an address cannot break out of", () => {
    const page = redirectPage('https://bitbucket.org/?a="><script>alert(1)</script>&b=1');
    expect(page).not.toContain("<script>");
    expect(page).toContain("&amp;b=1");
  });
});
