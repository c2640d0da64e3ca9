import { createServer } from "node:net";
import { openCommandLine, withProgram, type CommandLine } from "./command-line.ts";

/** One command, and what a user sees of it. */
export interface Screen {
  /** As it was typed, without the name of the program. */
  readonly command: string;
  readonly exitCode: number | null;
  /** What stands on the terminal, or on stdout. */
  readonly shown: string;
  /** What stands on stderr; nothing on a terminal, which merges both. */
  readonly said: string;
  /** Secrets of the fake that are in it. */
  readonly leaks: readonly string[];
}

/** A person at a terminal, or a script that has pipes. */
export type Reader = "person" | "script";

/** What a person types once a text appears. A script writes all of it at once. */
type Typed = readonly (readonly [after: RegExp, text: string])[];

/** A user signs in, uses every command and signs out, with a browser that follows links. Nothing in it waits for time. */
export async function playEveryCommand(reader: Reader): Promise<readonly Screen[]> {
  const line = await openCommandLine({ autoApprove: true });
  try {
    const screens: Screen[] = [];
    const play = async (args: readonly string[], typed: Typed = [], env = {}): Promise<void> => {
      screens.push(await playOne(line, reader, { args, typed, env }));
    };
    const [consumer] = line.mock.consumers;
    if (!consumer) throw new Error("The fake has no consumer");
    const { token } = line.mock.issueCredential({ kind: "api-token" });
    const port = await freePort();
    const browser = { ...(await withProgram(line, "xdg-open", followLink)), DISPLAY: ":0" };

    await play(["--version"]);
    await play(["help", "token"]);
    await play(["doctor"]);
    await play(
      ["login", "--port", port],
      [
        [/Key: /, consumer.clientId],
        [/Secret \(not shown\): /, consumer.clientSecret],
      ],
      browser,
    );
    await play(["token"]);
    await play(["token", "--acount", "work"]);
    await play(["status"]);
    await play(["setup-git"]);
    const asked = `protocol=http\nhost=${new URL(line.server.url).host}\n`;
    await play(["git-credential", "get"], [[/^/, asked]]);
    await play(["exec", "--", "sh", "-c", tellTerminal]);
    await play(["doctor"]);
    await play(["doctor", "--live"]);
    await play(
      ["login", "--account", "other", "--api-token"],
      [
        [/Email of the Atlassian account: /, "alice@example.com"],
        [/Token \(not shown\): /, token],
      ],
    );
    await play(["logout", "--account", "other"]);
    await play(["setup-git", "--undo"]);
    await play(["logout"]);
    await play(["token"]);
    return screens;
  } finally {
    await line.close();
  }
}

/** Says whether the command of `exec` has the terminal, and that it has the token. */
const tellTerminal = `test -t 0 && test -t 1 && echo "on the terminal"; test -n "$BITBUCKET_TOKEN" && echo "with a token"`;

/** What `xdg-open` is here: it goes where the page leads, and further. */
const followLink = `#!/bin/sh
exec '${process.execPath}' -e '
  const page = require("node:fs").readFileSync(new URL(process.argv[1]), "utf8");
  const [, address] = /href="([^"]+)"/.exec(page);
  void fetch(address.replaceAll("&amp;", "&"));
' "$1"
`;

async function playOne(
  line: CommandLine,
  reader: Reader,
  { args, typed, env }: { readonly args: readonly string[]; readonly typed: Typed; readonly env: object },
): Promise<Screen> {
  const isPerson = reader === "person";
  // What a script sets for others must not reach it: a pipe has no colours.
  const given = { env: isPerson ? { ...env } : { ...env, FORCE_COLOR: "1", TERM: "xterm" } };
  const running = isPerson ? line.startOnTerminal(args, given) : line.start(args, given);
  for (const [after, text] of typed) {
    if (isPerson) await running.seen(after);
    running.type(`${text}\n`);
  }
  // Ctrl-D, or the end of the pipe.
  if (!isPerson) running.process.stdin.end();
  else if (args[0] === "git-credential") running.type("\u0004");
  const { exitCode, stdout, stderr } = await running.ended;
  const plain = (text: string): string => withoutMachine(line, text.replaceAll("\r\n", "\n"));
  const command = plain(args.map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(" "));
  const leaks = line.mock.leaks(stdout + stderr);
  return { command, exitCode, shown: plain(stdout), said: plain(stderr), leaks };
}

/** A screen as it is on any machine: no path, port, key, secret or token of this run. Escape sequences stay. */
function withoutMachine({ home, server, mock }: CommandLine, text: string): string {
  const { host } = new URL(server.url);
  const tokens = mock.grants.map((grant) => mock.grant(grant).tokens.accessToken);
  const [consumer] = mock.consumers;
  const words: readonly (readonly [string, string])[] = [
    ...tokens.map((token) => [token, "<access token>"] as const),
    [consumer?.clientId ?? "", "<key>"],
    [server.url, "https://bitbucket.org"],
    [host, "bitbucket.org"],
    [home, "~"],
  ];
  return words
    .reduce((result, [from, to]) => result.replaceAll(from, to), text)
    .replaceAll(/\?response_type=\S+/g, "?client_id=<key>&state=…")
    .replaceAll(/\?client_id=\S+&\S+/g, "?client_id=<key>&state=…")
    .replaceAll(/--port \d+/g, "--port 8976")
    .replaceAll(/localhost:\d+/g, "localhost:8976");
}

async function freePort(): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(String(typeof address === "object" && address ? address.port : 0)));
    });
  });
}
