import { loginCommand, type Surroundings } from "./accounts.js";
import type { Variables } from "./environment.js";
import { describeFailure, exitCodes, wantsJson } from "./failure.js";
import type { RunContext, RunEnd } from "./program.js";
import type { TokenOptions } from "./tokens.js";

// Note: an import would evaluate each getter of the module, which takes longer than all of what is parsed here.
const { parseArgs } = process.getBuiltinModule("node:util");

/** Runs one command line and says how it ended. Never rejects. */
export async function run(args: readonly string[], context: RunContext): Promise<RunEnd> {
  const { terminal, env } = context;
  try {
    const frequent = readFrequent(args);
    if (frequent) return { exitCode: await runFrequent(frequent, { env, terminal }) };
    const { runProgram } = await import("./program.js");
    return await runProgram(args, context);
  } catch (error) {
    const { exitCode, ...failure } = describeFailure(error, loginCommand(accountOf(args, env)));
    terminal.say(
      wantsJson(args)
        ? JSON.stringify({ error: { ...failure, exitCode } })
        : `${terminal.style("red", "bitbucket-auth:")} ${failure.message}`,
    );
    return { exitCode };
  } finally {
    terminal.close();
  }
}

/** A command that scripts and Git start again and again. */
export type Frequent =
  | { readonly command: "token"; readonly options: TokenOptions }
  | { readonly command: "git-credential"; readonly operation: string; readonly options: TokenOptions };

/** What `token` and `git-credential` take; a test holds both to their help. */
export const frequentOptions = {
  token: { account: { type: "string" }, "min-validity": { type: "string" }, json: { type: "boolean" } },
  "git-credential": { account: { type: "string" } },
} as const;

/**
 * Reads the two frequent commands without the argument parser, which takes as long to load as Node takes to start. `undefined`: it is
 * another command, or one that the parser has to explain.
 */
export function readFrequent(args: readonly string[]): Frequent | undefined {
  const [command, ...rest] = args;
  try {
    if (command === "token") {
      const { values } = parseArgs({ args: rest, options: frequentOptions.token });
      return { command, options: { ...values, minValidity: values["min-validity"] } };
    }
    if (command === "git-credential") {
      const options = frequentOptions[command];
      const { values, positionals } = parseArgs({ args: rest, options, allowPositionals: true });
      const [operation, ...more] = positionals;
      return operation === undefined || more.length > 0 ? undefined : { command, operation, options: values };
    }
  } catch {
    // An unknown option, a value that is missing, --help.
  }
  return undefined;
}

async function runFrequent(frequent: Frequent, surroundings: Surroundings): Promise<number> {
  if (frequent.command === "git-credential") {
    const { answerGit } = await import("./git-credential.js");
    return answerGit(surroundings, frequent.operation, frequent.options);
  }
  const { printToken } = await import("./tokens.js");
  await printToken(surroundings, frequent.options);
  return exitCodes.ok;
}

/** The account a command line names, for messages. */
function accountOf(args: readonly string[], env: Variables): string | undefined {
  const at = args.indexOf("--account");
  const name = at === -1 ? env["BITBUCKET_AUTH_ACCOUNT"] : args[at + 1];
  return name !== undefined && /^[\w.@{}-]{1,100}$/.test(name) ? name : undefined;
}
