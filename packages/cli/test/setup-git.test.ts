import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findOpener, redirectPage } from "../src/browser.ts";
import { helperLine, isOurHelper, withoutOurHelper, withOurHelper } from "../src/setup-git.ts";
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
