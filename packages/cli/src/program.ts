import { readFileSync } from "node:fs";
import process from "node:process";
import { Command, CommanderError } from "commander";
import type { Surroundings } from "./accounts.js";
import type { DoctorOptions } from "./doctor.js";
import { exitCodes, interruption, oneLine, usageError, wantsJson } from "./failure.js";
import type { LoginOptions } from "./login.js";
import type { Variables } from "./environment.js";
import type { ChildEnd } from "./exec.js";
import type { Program } from "./setup-git.js";
import type { Terminal } from "./terminal.js";
import type { TokenOptions } from "./tokens.js";

/** How a run ended: with a code of its own, or as the child of `exec` did. */
export type RunEnd = { readonly exitCode: number } | { readonly child: ChildEnd };

/** What a run gets from its process. */
export interface RunContext {
  readonly env: Variables;
  readonly terminal: Terminal;
  readonly program: Program;
  /** Writes help as it is: it has its own line ends. */
  readonly print: (text: string) => void;
}

const exitCodeTable = `
Exit codes:
  0  done; the answer is on stdout
  1  used wrongly: an unknown option or value
  2  sign in: there is no grant, or Bitbucket no longer takes it
  3  try again later: no answer from Bitbucket or the storage, or too many requests
  4  set up wrongly: consumer, scope, file permissions; the message says what to do
  exec answers as the command it ran; Ctrl-C is 130`;

const variableTable = `
Environment:
  BITBUCKET_CLIENT_ID           key of the OAuth consumer, for login and for CI
  BITBUCKET_CLIENT_SECRET       its secret
  BITBUCKET_API_TOKEN           with BITBUCKET_EMAIL: where no account is kept
  BITBUCKET_ACCESS_TOKEN        where no account is kept
  BITBUCKET_AUTH_ACCOUNT        the account, where --account is not given
  BITBUCKET_AUTH_DIRECTORY      where grants are kept
  BITBUCKET_AUTH_KEY_DIRECTORY  where their encryption key is kept
  BITBUCKET_AUTH_KEYRING        1: that key is in the keyring (@napi-rs/keyring)
  BITBUCKET_AUTH_ENDPOINTS      JSON: authorizationUrl, tokenUrl, apiUrl; for tests
  NO_COLOR                      no colours`;

/**
 * The commands with their options and help. What a command does is loaded when it runs: `token` starts in every script, and must
 * not pay for `login`. `finish` is told how the command ended, if not with 0.
 */
function createProgram(
  { env, terminal, program: self, print, args = [] }: RunContext & { readonly args?: readonly string[] },
  finish: (end: RunEnd) => void,
): Command {
  const surroundings: Surroundings = { env, terminal };
  const isJson = wantsJson(args);
  const program = new Command("bitbucket-auth")
    .description("A Bitbucket access token that works, for scripts and for Git.")
    .version(ownVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help for a command")
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: (text) => terminal.say(text.trimEnd()),
      outputError: (text, write) => {
        // With --json a failure is told once, as JSON.
        if (!isJson) write(`bitbucket-auth: ${text.replace(/^error: /, "")}`);
      },
    })
    .showHelpAfterError(isJson ? false : "To see what it takes: bitbucket-auth help")
    .addHelpText(
      "after",
      `
Begin with:
  bitbucket-auth login       signs in by browser; it says how to make a consumer
  bitbucket-auth token       prints a token that works
  bitbucket-auth setup-git   from then on git push asks for nothing
${variableTable}
${exitCodeTable}`,
    );
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option("--account <name>", "the account; one can keep several");
  const json = "print the answer as JSON on stdout";
  const validity = "refresh first if the token has less left: 90s, 10m, 1h";

  command("login", "sign in, by browser or with a token, and keep it on this machine")
    .option("--port <number>", "the port in the consumer's callback URL (default: 8976)")
    .option("--no-browser", "for a browser on another machine: paste the address back")
    .option("--new-consumer", "ask for key and secret again, although some are kept")
    .option("--api-token", "keep an API token instead; it is read from a prompt or stdin")
    .option("--email <address>", "with --api-token: the email of its Atlassian account")
    .option("--access-token", "keep an access token of a repository, project or workspace")
    .option("--workspace <slug>", "with --access-token: where it belongs")
    .option("--repository <slug>", "with --access-token: where it belongs")
    .option("--expires <day>", "with either token: the day it ends, 2027-03-01")
    .option("--json", json)
    .addHelpText(
      "after",
      `
The consumer's key and secret come from BITBUCKET_CLIENT_ID and
BITBUCKET_CLIENT_SECRET, from an earlier login, from a prompt, or as two lines on
stdin. A secret never comes as an argument: others can read those.`,
    )
    .action(async (options: LoginOptions) => {
      const { login } = await import("./login.js");
      const interrupt = new AbortController();
      const onSignal = (): void => interrupt.abort(interruption());
      process.once("SIGINT", onSignal);
      try {
        await login({ ...surroundings, signal: interrupt.signal }, options);
      } finally {
        process.off("SIGINT", onSignal);
      }
    });

  command("token", "print an access token that works, and nothing else")
    .option("--min-validity <span>", validity)
    .option("--json", json)
    .action(async (options: TokenOptions) => {
      const { printToken } = await import("./tokens.js");
      await printToken(surroundings, options);
    });

  command("status", "say who is signed in, with which scopes, until when, and where it is kept")
    .option("--json", json)
    .action(async (options: TokenOptions) => {
      const { printStatus } = await import("./tokens.js");
      finish({ exitCode: await printStatus(surroundings, options) });
    });

  command("logout", "forget an account on this machine")
    .option("--json", json)
    .action(async (options: TokenOptions) => {
      const { logout } = await import("./tokens.js");
      await logout(surroundings, options);
    });

  command("exec", "run a command with BITBUCKET_TOKEN in its environment")
    .usage("[options] -- <command> [arguments]")
    .argument("<command...>", "the command and its arguments")
    .option("--min-validity <span>", validity)
    .passThroughOptions()
    .action(async (line: readonly string[], options: TokenOptions) => {
      const { runWithToken } = await import("./exec.js");
      finish({ child: await runWithToken(surroundings, line, options) });
    });

  command("git-credential", "Git's credential helper; setup-git puts it into Git's configuration")
    .argument("<operation>", "get, store or erase")
    .action(async (operation: string, options: { readonly account?: string }) => {
      const { answerGit } = await import("./git-credential.js");
      finish({ exitCode: await answerGit(surroundings, operation, options) });
    });

  command("setup-git", "make git clone and git push use this program for Bitbucket")
    .option("--local", "for the repository of the current directory only")
    .option("--undo", "take exactly those lines back")
    .option("--json", json)
    .action(async (options: { readonly local?: boolean; readonly undo?: boolean }) => {
      const { setupGit } = await import("./setup-git.js");
      await setupGit(surroundings, self, options);
    });

  command("doctor", "find out what is wrong: files, consumer, grant, scopes, clock, Git, databases")
    .option("--live", "compare Bitbucket with the testing kit; uses up the grant of --account")
    .option("--prefix <name>", "of the tables in DATABASE_URL (default: bitbucket_auth)")
    .option("--json", json)
    .addHelpText(
      "after",
      `
With REDIS_URL or DATABASE_URL it also asks the Redis or the SQL database in which a
program of the current directory keeps grants, through the packages that it has.
--live needs the package @bitbucket-auth/testing and an account that nothing else
uses. Its report holds no secret; it exits with 1 where Bitbucket answers otherwise.`,
    )
    .action(async (options: DoctorOptions & { readonly live?: boolean }) => {
      if (options.live === true) {
        const { examineLive } = await import("./doctor-live.js");
        return finish({ exitCode: await examineLive(surroundings, options) });
      }
      const { examine } = await import("./doctor.js");
      finish({ exitCode: await examine(surroundings, options) });
    });

  return program;
}

/** A command as its help shows it. */
export interface CommandHelp {
  /** `bitbucket-auth`, or the name of a command below it. */
  readonly name: string;
  /** Names of its options, without the dashes. */
  readonly options: readonly string[];
  /** As it is printed off a terminal. */
  readonly help: string;
}

/** The help of the program and of every command, for the page that holds all of it. */
export function describeCommands(context: RunContext): readonly CommandHelp[] {
  const program = createProgram(context, () => undefined);
  return [program, ...program.commands].map((command) => {
    let help = "";
    command.configureOutput({ writeOut: (part) => void (help += part), getOutHelpWidth: () => 80 });
    command.outputHelp();
    const options = command.options.flatMap(({ long }) => (long ? [long.slice("--".length)] : []));
    return { name: command.name(), options, help: help.trimEnd() };
  });
}

/** Runs a command line that has to be read in full. Rejects with what the command rejected with. */
export async function runProgram(args: readonly string[], context: RunContext): Promise<RunEnd> {
  let end: RunEnd = { exitCode: exitCodes.ok };
  const program = createProgram({ ...context, args }, (told) => {
    end = told;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return end;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and the version end this way as well, with 0.
    if (error.exitCode === 0) return { exitCode: exitCodes.ok };
    if (!wantsJson(args) || isHelp(error)) return { exitCode: exitCodes.usage };
    throw usageError(oneLine(error.message.replace(/^error: /, "")));
  }
}

/** No command was given, or one to be helped with: the help has been printed. */
function isHelp({ code }: CommanderError): boolean {
  return code === "commander.help" || code === "commander.helpDisplayed";
}

function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const version: unknown =
    typeof manifest === "object" && manifest !== null ? Reflect.get(manifest, "version") : "";
  return String(version);
}
