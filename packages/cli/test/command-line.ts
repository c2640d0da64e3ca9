import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createBitbucketAuth, type BitbucketAuth, type Clock } from "@bitbucket-auth/core";
import { createFileStorage } from "@bitbucket-auth/storage-file";
import {
  createBitbucketMock,
  type BitbucketMock,
  type BitbucketMockOptions,
  type GrantControl,
} from "@bitbucket-auth/testing";
import { startBitbucketMock, type BitbucketMockServer } from "@bitbucket-auth/testing/server";

/** The command line as users get it: built. */
const main: string = fileURLToPath(new URL("../dist/main.js", import.meta.url));

/** What runs it: the Node of the tests, or another one that it promises to run on. */
const node: string = process.env["COMMAND_LINE_NODE"] ?? process.execPath;

type Variables = Readonly<Record<string, string | undefined>>;

/** How a process ended, and what it wrote. */
export interface Ended {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that still runs. */
export interface Running {
  readonly process: ChildProcessWithoutNullStreams;
  /** Resolves when what was written so far, to either stream, matches; with the match. */
  seen(pattern: RegExp): Promise<RegExpExecArray>;
  type(text: string): void;
  readonly ended: Promise<Ended>;
}

/** How a command is run. */
export interface RunOptions {
  /** Given as stdin, which then ends. Absent: stdin is empty. */
  readonly input?: string;
  readonly env?: Variables;
  readonly cwd?: string;
}

/** A user with a home of their own, and a fake Bitbucket that listens. */
export interface CommandLine {
  readonly home: string;
  readonly env: Variables;
  readonly mock: BitbucketMock;
  readonly server: BitbucketMockServer;
  /** Where the command line keeps its things. */
  readonly directory: string;
  readonly keyDirectory: string;
  run(args: readonly string[], options?: RunOptions): Promise<Ended>;
  /** As `run`, by a shell script that finds the whole command in its arguments. */
  runInShell(script: string, args: readonly string[]): Promise<Ended>;
  /** As `run`, and stdin stays open. */
  start(args: readonly string[], options?: RunOptions): Running;
  /** In a pseudo-terminal, which merges both streams. */
  startOnTerminal(args: readonly string[], options?: RunOptions): Running;
  /** Leaves what `login` leaves, without its process. */
  signIn(account?: string): Promise<void>;
  /** Starts `login --no-browser`, and pastes the address back as a user with two windows. */
  startLogin(args?: readonly string[]): Promise<Running>;
  /** The stored tokens have run out, and the next command has to refresh. */
  expire(account?: string): Promise<void>;
  /** The newest grant of a user, at the fake. */
  grant(): GrantControl;
  /** What a program of the user's own opens. */
  openAuth(clock?: Clock): BitbucketAuth;
  close(): Promise<void>;
}

/** Starts a fake Bitbucket and gives a user an empty home. */
export async function openCommandLine(options: BitbucketMockOptions = {}): Promise<CommandLine> {
  const home = await mkdtemp(join(tmpdir(), "command-line-"));
  const directory = join(home, "data");
  const keyDirectory = join(home, "key");
  const mock = createBitbucketMock({
    users: [{ username: "alice", email: "alice@example.com", displayName: "Alice" }],
    consumers: [
      {
        name: "command line",
        callbackUrl: "http://localhost:8976/callback",
        scopes: ["account", "repository:write"],
      },
    ],
    ...options,
  });
  const server = await startBitbucketMock(mock, { git: { directory: join(home, "server") } });
  const [consumer] = mock.consumers;
  if (!consumer) throw new Error("The fake has no consumer");
  const { clientId, clientSecret } = consumer;
  const endpoints = {
    authorizationUrl: server.urls.authorize,
    tokenUrl: server.urls.token,
    apiUrl: server.urls.api,
  };
  const env: Variables = {
    PATH: process.env["PATH"],
    HOME: home,
    BITBUCKET_AUTH_DIRECTORY: directory,
    BITBUCKET_AUTH_KEY_DIRECTORY: keyDirectory,
    BITBUCKET_AUTH_ENDPOINTS: JSON.stringify(endpoints),
    GIT_CONFIG_NOSYSTEM: "1",
  };
  const consumerEnv = { BITBUCKET_CLIENT_ID: clientId, BITBUCKET_CLIENT_SECRET: clientSecret };
  const start = (args: readonly string[], given: RunOptions = {}): Running =>
    startProcess(node, [main, ...args], { cwd: home, ...given, env: { ...env, ...given.env } });

  const line: CommandLine = {
    home,
    env,
    mock,
    server,
    directory,
    keyDirectory,
    start,
    run(args, given = {}) {
      const running = start(args, given);
      running.process.stdin.end(given.input ?? "");
      return running.ended;
    },
    runInShell: (script, args) =>
      startProcess("/bin/sh", ["-c", script, "sh", node, main, ...args], { cwd: home, env }).ended,
    startOnTerminal: (args, given = {}) =>
      startProcess("python3", ["-c", onTerminal, node, main, ...args], {
        cwd: home,
        ...given,
        env: { ...env, TERM: "xterm", ...given.env },
      }),
    async signIn(account = "default") {
      const storage = createFileStorage({ directory, keyDirectory });
      const auth = createBitbucketAuth({ clientId, clientSecret, endpoints, storage });
      const begun = await auth.startAuthorization({ redirectUri: "http://localhost:8976/callback" });
      const callback = mock.authorize({ url: begun.url }).redirect.href;
      await auth.finishAuthorization({ callback, transaction: begun.transaction, account });
      // Only here: a script that prints screens runs without what resolves the imports of `src`.
      const { keepAccount } = await import("./keep-account.ts");
      const kept = { kind: "oauth", consumer: { clientId, clientSecret } } as const;
      await keepAccount(storage, { env, name: account, account: kept });
      await auth.close();
      await storage.close();
    },
    async startLogin(args = []) {
      const running = start(["login", "--no-browser", ...args], { env: consumerEnv });
      const [address] = await running.seen(/http\S+authorize\S+/);
      running.type(`${mock.authorize({ url: address }).redirect.href}\n`);
      return running;
    },
    async expire(account = "default") {
      const control = line.grant();
      control.expireAccessToken();
      const auth = line.openAuth();
      await auth.saveTokens(account, { ...control.tokens, expiresAt: Date.now() - 1_000 });
      await auth.close();
    },
    grant() {
      const newest = mock.grants.findLast(({ username }) => username !== null);
      if (!newest) throw new Error("Nobody has signed in");
      return mock.grant(newest);
    },
    openAuth: (clock) =>
      createBitbucketAuth({
        clock,
        clientId,
        clientSecret,
        endpoints,
        storage: createFileStorage({ directory, keyDirectory }),
      }),
    async close() {
      await server.close();
      await rm(home, { recursive: true, force: true });
    },
  };
  return line;
}

/** Runs the rest of its arguments in a pseudo-terminal and ends as they do. */
const onTerminal = `
import os, pty, sys
status = pty.spawn(sys.argv[1:])
sys.exit(os.waitstatus_to_exitcode(status) % 256)
`;

/** Starts a program and collects what it writes. */
export function startProcess(
  command: string,
  args: readonly string[],
  { env, cwd }: { readonly env: Variables; readonly cwd: string },
): Running {
  const child = spawn(command, [...args], { env, cwd });
  let stdout = "";
  let stderr = "";
  let check: () => void = () => undefined;
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += String(chunk);
    check();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += String(chunk);
    check();
  });
  // A process may end before it has read everything.
  child.stdin.on("error", () => undefined);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode, signal) => {
      resolve({ exitCode, signal, stdout, stderr });
      check();
    });
  });
  return {
    process: child,
    ended,
    type: (text) => void child.stdin.write(text),
    seen: (pattern) =>
      new Promise((resolve, reject) => {
        check = () => {
          const match = pattern.exec(stdout + stderr);
          if (match) return resolve(match);
          if (child.exitCode !== null) reject(new Error(`It ended without ${pattern}: ${stdout}${stderr}`));
        };
        check();
      }),
  };
}

/** An executable script, the first on the PATH of the environment it gives back. */
export async function withProgram(line: CommandLine, name: string, script: string): Promise<Variables> {
  const bin = join(line.home, "bin");
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, name), script);
  await chmod(join(bin, name), 0o755);
  return { PATH: `${bin}:${line.env["PATH"]}` };
}
