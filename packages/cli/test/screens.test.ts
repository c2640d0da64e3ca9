import { beforeAll, describe, expect, it } from "vitest";
import { describeCommands } from "../src/program.ts";
import { playEveryCommand, type Screen } from "./screens.ts";

let person: readonly Screen[];
let script: readonly Screen[];
beforeAll(async () => {
  [person, script] = await Promise.all([playEveryCommand("person"), playEveryCommand("script")]);
});

const escape = String.fromCodePoint(27);
/** What a command printed, by its beginning; the one at that place where there are several. */
function screen(screens: readonly Screen[], begin: string, nth = 0): Screen {
  const found = screens.filter(({ command }) => command.startsWith(begin))[nth];
  if (!found) throw new Error(`There is no ${begin}`);
  return found;
}

describe("every command, in a pseudo-terminal and without one", () => {
  it("is played, and ends the same for a person as for a script", () => {
    const terminal = {
      isInteractive: false,
      answer: () => undefined,
      say: () => undefined,
      style: (_style: string, text: string) => text,
      ask: async () => "",
      readAll: async () => "",
      close: () => undefined,
    };
    const program = { execPath: "node", file: "main.js" };
    const [, ...commands] = describeCommands({ env: {}, terminal, program, print: () => undefined });
    const played = person.map(({ command }) => command.split(" ")[0]);
    expect(commands.map(({ name }) => name).filter((name) => !played.includes(name))).toEqual([]);
    const ends = (screens: readonly Screen[]): readonly string[] =>
      screens.map(({ command, exitCode }) => `${exitCode} ${command}`);
    expect(ends(person)).toEqual(ends(script));
    expect(person.map(({ exitCode }) => exitCode)).toEqual([
      0, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2,
    ]);
  });

  it("shows no secret: a token where one was asked for, and nothing else", () => {
    const answers = new Set(["token", "git-credential get"]);
    const leaks = [...person, ...script].flatMap((each) => (answers.has(each.command) ? [] : each.leaks));
    expect(leaks).toEqual([]);
  });

  it("shows colours to a person, and none in a pipe, even where a variable asks for them", () => {
    expect(screen(person, "login --port").shown).toContain(`${escape}[32mSigned in as Alice.${escape}[39m`);
    expect(screen(person, "doctor").shown).toContain(`${escape}[31mproblem `);
    expect(screen(person, "token", 2).shown).toBe(
      `${escape}[31mbitbucket-auth:${escape}[39m Not signed in. To sign in: bitbucket-auth login\n`,
    );
    expect(script.filter(({ shown, said }) => (shown + said).includes(escape))).toEqual([]);
  });

  it("has nothing but the answer on a script's stdout, and progress on its stderr", () => {
    const silent = [
      "login --port",
      "login --account",
      "setup-git",
      "logout",
      "doctor --live",
      "token --acount",
    ];
    for (const begin of silent)
      expect(screen(script, begin)).toMatchObject({ shown: "", said: expect.stringMatching(/\w/) });
    const answers = ["--version", "help", "doctor", "status", "git-credential", "exec"];
    for (const begin of answers)
      expect(screen(script, begin)).toMatchObject({ shown: expect.stringMatching(/\w/), said: "" });
    expect(screen(script, "token")).toMatchObject({ shown: "<access token>\n", said: "" });
    expect(screen(person, "token").shown).toBe("<access token>\n");
  });
});

describe("a person at a terminal", () => {
  it("is told how to make a consumer, and does not see the secret that is typed", () => {
    const { shown } = screen(person, "login --port");
    expect(shown).toMatch(
      /Callback URL {3}http:\/\/localhost:8976\/callback[^]*Key: <key>[^]*Secret \(not shown\): \nOpening your browser\./,
    );
    expect(screen(person, "login --account").shown).toContain(
      `Token (not shown): \n${escape}[32mSigned in as Alice.`,
    );
  });

  it("answers Git's question by hand, and gets the three lines", () => {
    expect(screen(person, "git-credential").shown).toMatch(
      /username=x-token-auth\npassword=<access token>\npassword_expiry_utc=\d{10}\n$/,
    );
  });

  it("has the terminal in the command of exec; a script has its pipes", () => {
    expect(screen(person, "exec").shown).toBe("on the terminal\nwith a token\n");
    expect(screen(script, "exec").shown).toBe("with a token\n");
  });

  it("sees lines to read, from status and doctor", () => {
    expect(screen(person, "status").shown).toMatch(/^User: {11}Alice \{/m);
    expect(screen(person, "doctor", 1).shown).toContain(
      `${escape}[32mok      ${escape}[39m storage   Records in`,
    );
  });
});
