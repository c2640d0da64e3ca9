#!/usr/bin/env node
import { exitCodes } from "./failure.js";
import type { RunEnd } from "./program.js";
import { run } from "./run.js";
import { createTerminal } from "./terminal.js";

// Note: the global `process`, here and in what every command loads. An import of it opens all three streams, of which `token` needs one.
const { env, execPath } = process;

/** What the process ends with when its answer could not be written. */
let unwritten: number | undefined;

// The reader of a pipe may leave early (`| head`): the rest is not wanted.
process.stdout.on("error", (error) => {
  const code: unknown = Reflect.get(error, "code");
  if (code === "EPIPE" || unwritten !== undefined) return;
  // Note: no exit here. What a command has begun, such as saving new tokens, has to end first.
  process.exitCode = unwritten = exitCodes.setup;
  process.stderr.write(`bitbucket-auth: The answer cannot be written to stdout (${String(code)}).\n`);
});

run(process.argv.slice(2), {
  env,
  terminal: createTerminal(process, env),
  program: { execPath, file: import.meta.filename },
  print: (text) => void process.stdout.write(text),
}).then(endAs, (error: unknown) => {
  throw error;
});

/** Ends as the command did. A child's signal is repeated, so that a shell or a CI runner sees it. */
async function endAs(end: RunEnd): Promise<void> {
  if (!("child" in end)) {
    process.exitCode = unwritten ?? end.exitCode;
    return;
  }
  const { exitCodeOfChild } = await import("./exec.js");
  process.exitCode = exitCodeOfChild(end.child);
  if (end.child.signal !== null) process.kill(process.pid, end.child.signal);
}
