import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { access } from "node:fs/promises";
import process from "node:process";
import { isBitbucketAuthError } from "@bitbucket-auth/core";
import { grantsScope } from "@bitbucket-auth/core/internal";
import { requestClientCredentials } from "@bitbucket-auth/core/oauth";
import {
  chooseAccount,
  type Keeping,
  loginCommand,
  openAccount,
  type OpenAccount,
  openKeeping,
  type Surroundings,
} from "./accounts.js";
import { type Consumer, gitOriginOf, readAccountName, readConsumer } from "./environment.js";
import { CommandError, describeFailure, exitCodes, forReader, oneLine, type Finding } from "./failure.js";
import { isOurHelper, helperKey } from "./setup-git.js";

/** Options of `doctor`, as texts from the command line. */
export interface DoctorOptions {
  readonly account?: string | undefined;
  readonly json?: boolean | undefined;
  /** What the names of the tables in a SQL database begin with. */
  readonly prefix?: string | undefined;
}

type Check = Finding["check"];

const ok = (check: Check, text: string): Finding => ({ check, state: "ok", text, exitCode: exitCodes.ok });
const note = (check: Check, text: string): Finding => ({
  check,
  state: "note",
  text,
  exitCode: exitCodes.ok,
});
const problem = (check: Check, text: string, exitCode: number = exitCodes.setup): Finding => ({
  check,
  state: "problem",
  text,
  exitCode,
});
const unknown = (check: Check, text: string): Finding => ({
  check,
  state: "unknown",
  text,
  exitCode: exitCodes.later,
});

/** Looks at everything a token depends on and says what is wrong, in sentences. Resolves with the exit code. */
export async function examine(surroundings: Surroundings, options: DoctorOptions): Promise<number> {
  const { terminal } = surroundings;
  const keeping = openKeeping(surroundings);
  const findings: Finding[] = [];
  const tell = (found: readonly Finding[]): void => {
    findings.push(...found);
    if (options.json !== true) for (const each of found) terminal.answer(describeFinding(each, terminal));
  };
  try {
    tell([await examineStorage(keeping)]);
    tell(await examineAccount(keeping, surroundings, options.account));
    tell(await examineGit(keeping, surroundings));
    const { examineRedis } = await import("./doctor-redis.js");
    tell(await examineRedis(surroundings.env));
    const { examineSql } = await import("./doctor-sql.js");
    tell(await examineSql(surroundings.env, { prefix: options.prefix }));
  } finally {
    await keeping.close();
  }
  const exitCode = worstOf(findings);
  if (options.json === true) terminal.answer(JSON.stringify({ ok: exitCode === exitCodes.ok, findings }));
  return exitCode;
}

/** The exit code of the worst finding. A wrong setup comes first, because nothing else helps until it is corrected. */
export function worstOf(findings: readonly Finding[]): number {
  const order: readonly number[] = [exitCodes.setup, exitCodes.signIn, exitCodes.later, exitCodes.ok];
  const codes = findings.map(({ exitCode }) => exitCode);
  return order.find((code) => codes.includes(code)) ?? exitCodes.ok;
}

const marks = { ok: "ok", note: "note", problem: "problem", unknown: "unknown" } as const;
const colours = { ok: "green", note: "yellow", problem: "red", unknown: "yellow" } as const;

function describeFinding({ check, state, text }: Finding, terminal: Surroundings["terminal"]): string {
  return `${terminal.style(colours[state], marks[state].padEnd(8))} ${check.padEnd(9)} ${oneLine(text)}`;
}

/** Reads the settings, which opens directories, files and the key; then takes the lock that a refresh takes. */
async function examineStorage({ settings, storage, places }: Keeping): Promise<Finding> {
  try {
    const names = await settings.names();
    if (names.length === 0) return ok("storage", `Nothing is kept yet. Records go to ${places.records}.`);
    const lease = await storage.tryLease("command line: doctor", { owner: randomUUID(), ttlMs: 5_000 });
    await lease?.release();
    if (!lease) return unknown("storage", "Another process holds the lock for 5 s. Run doctor again.");
    return ok(
      "storage",
      `Records in ${places.records}, their key in ${places.key}; both are yours alone, and the lock works.`,
    );
  } catch (error) {
    return failed("storage", error);
  }
}

function failed(check: Check, error: unknown, name?: string): Finding {
  if (!isBitbucketAuthError(error) && !(error instanceof CommandError)) throw error;
  const { message, exitCode } = describeFailure(error, loginCommand(name));
  return exitCode === exitCodes.later ? unknown(check, message) : problem(check, message, exitCode);
}

async function examineAccount(
  keeping: Keeping,
  surroundings: Surroundings,
  option: string | undefined,
): Promise<readonly Finding[]> {
  const consumer = await consumerOf(keeping, surroundings, option).catch((error: unknown) =>
    failed("consumer", error),
  );
  const found: Finding[] = [];
  if (consumer && "check" in consumer) return [consumer];
  if (consumer) found.push(await examineConsumer(consumer, keeping));
  try {
    const account = await openAccount(keeping, surroundings, option);
    found.push(ok("account", describeAccount(account)), ...(await examineGrant(account)));
  } catch (error) {
    found.push(failed("account", error));
  }
  return found;
}

/** The consumer behind the account, or that of the environment where no account is kept. */
async function consumerOf(
  { settings }: Keeping,
  { env }: Surroundings,
  option: string | undefined,
): Promise<Consumer | undefined> {
  const name = readAccountName(option, env) ?? chooseAccount(await settings.names());
  const kept = name === undefined ? undefined : await settings.account(name);
  if (kept) return kept.kind === "oauth" ? kept.consumer : undefined;
  return readConsumer(env);
}

function describeAccount({ name, kind }: OpenAccount): string {
  const what = kind.replace("_", " ");
  return name === undefined ? `The environment has a credential (${what}).` : `${name} (${what})`;
}

/** Asks for a token of the consumer itself: no user's grant is touched, and each mistake has an answer of its own. */
async function examineConsumer(consumer: Consumer, { endpoints: { tokenUrl } }: Keeping): Promise<Finding> {
  try {
    await requestClientCredentials({ ...consumer, tokenUrl });
    return ok(
      "consumer",
      "Bitbucket knows the key and the secret; the consumer is private and has a callback URL.",
    );
  } catch (error) {
    if (!isBitbucketAuthError(error)) throw error;
    return judgeConsumer(error);
  }
}

/** What Bitbucket's answer to client credentials says about a consumer. */
export function judgeConsumer(error: {
  readonly transient: boolean;
  readonly message: string;
  readonly oauthError?: string | undefined;
  readonly description?: string | undefined;
}): Finding {
  const { oauthError, description = "", transient } = error;
  const page = "Workspace settings > OAuth consumers";
  if (transient) return unknown("consumer", oneLine(error.message));
  if (/callback/i.test(description)) {
    return problem(
      "consumer",
      `The consumer has no callback URL, and without one no grant works. Set one under ${page}.`,
    );
  }
  if (/public/i.test(description)) {
    return note(
      "consumer",
      `The consumer is public: users can sign in, but it cannot act as itself (CI). To change that, tick "This is a private consumer" under ${page}.`,
    );
  }
  if (oauthError === "unauthorized_client") {
    return problem(
      "consumer",
      `Bitbucket refuses key and secret. Compare both under ${page}, then: bitbucket-auth login --new-consumer. (After a dead grant was sent Bitbucket answers so for a minute: run doctor again.)`,
    );
  }
  return problem("consumer", oneLine(error.message));
}

/** Uses the credential once, and reads from the answer who it is, what it may do, and what time it is. */
async function examineGrant({ name, kind, ...account }: OpenAccount): Promise<readonly Finding[]> {
  try {
    const credential = await account.credential();
    const sentAt = Date.now();
    const verified = await credential.verify();
    if (!verified.ok && verified.problem !== "scope_missing") {
      const isOver = verified.problem === "signed_out";
      const next = isOver ? ` To sign in: ${loginCommand(name)}` : "";
      const text = `${forReader(verified.message)}${next}`;
      return [problem("grant", text, isOver ? exitCodes.signIn : exitCodes.setup)];
    }
    const until =
      verified.ok && verified.expiresAt !== undefined ? `, until ${isoTime(verified.expiresAt)}` : "";
    const who = verified.ok ? (verified.identity?.displayName ?? verified.identity?.place) : undefined;
    return [
      ok("grant", `Bitbucket takes the token${who === undefined ? "" : ` of ${who}`}${until}.`),
      ...(kind === "api_token" ? [] : judgeScopes(verified.scopes)),
      ...(verified.ok ? [] : [note("scopes", verified.message)]),
      ...(await examineClock(credential.fetch, sentAt)),
    ];
  } catch (error) {
    return [failed("grant", error, name)];
  }
}

/** What cannot be done with these scopes, and where to add one. */
export function judgeScopes(scopes: readonly string[] | undefined): readonly Finding[] {
  if (scopes === undefined) return [];
  const lacks = (scope: string): boolean => !grantsScope(scopes, scope);
  const add = "Add it to the consumer (Workspace settings > OAuth consumers), then sign in again.";
  if (lacks("repository")) {
    return [problem("scopes", `The scope repository is missing: git clone is refused. ${add}`)];
  }
  if (lacks("repository:write")) {
    return [note("scopes", `The scope repository:write is missing: git push is refused. ${add}`)];
  }
  return [ok("scopes", `git clone and git push are allowed (${scopes.join(", ")}).`)];
}

/** A token's end is counted on Bitbucket's clock; core corrects for it, Git does not. */
async function examineClock(fetch: typeof globalThis.fetch, before: number): Promise<readonly Finding[]> {
  const response = await fetch("/2.0/user");
  await response.body?.cancel();
  const date = Date.parse(response.headers.get("date") ?? "");
  return Number.isFinite(date) ? [judgeClock(date, { from: before, to: Date.now() })] : [];
}

/** How far this machine's clock is from Bitbucket's, whose answer fell between two instants. Up to 30 s count as agreement. */
export function judgeClock(
  serverTime: number,
  { from, to }: { readonly from: number; readonly to: number },
): Finding {
  const aheadMs = serverTime < from ? from - serverTime : serverTime > to ? to - serverTime : 0;
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  if (seconds <= 30) return ok("clock", "This machine and Bitbucket agree on the time.");
  const text = `This machine is ${seconds} s ${aheadMs > 0 ? "ahead of" : "behind"} Bitbucket. Turn on time synchronisation (timedatectl set-ntp true).`;
  return seconds > 300 ? problem("clock", text) : note("clock", text);
}

async function examineGit({ endpoints }: Keeping, { env }: Surroundings): Promise<readonly Finding[]> {
  const origin = gitOriginOf(endpoints);
  const { code } = await askGit(["--version"], env);
  if (code === "ENOENT") return [note("git", "git is not installed, or not on the PATH.")];
  if (code !== undefined) return [problem("git", "git cannot be used. To see why: git config --list")];
  const { stdout } = await askGit(["config", "--null", "--get-all", helperKey(origin)], env);
  const line = activeHelper(stdout.split("\0").slice(0, -1));
  if (line === undefined) {
    return [
      note("git", `Git does not ask bitbucket-auth for ${origin}. To change that: bitbucket-auth setup-git`),
    ];
  }
  for (const path of pathsOf(line)) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (!isThere) return [problem("git", `Git's helper is gone from ${path}. Run: bitbucket-auth setup-git`)];
  }
  return [ok("git", `Git asks bitbucket-auth for ${origin}.`)];
}

/** Our helper, if Git asks it and no other stands behind it. Git reads the list in order; an empty line empties it. */
export function activeHelper(lines: readonly string[]): string | undefined {
  const active = lines.slice(lines.lastIndexOf("") + 1);
  return active.find(isOurHelper);
}

function pathsOf(line: string): readonly string[] {
  const [, execPath = "", file = ""] = /^!'([^']+)' '([^']+)'/.exec(line) ?? [];
  return [execPath, file].filter((path) => path !== "");
}

/** What Git prints, and how it failed: with an exit code, or with a code of the system's. */
function askGit(
  args: readonly string[],
  env: Surroundings["env"],
): Promise<{ readonly code: unknown; readonly stdout: string }> {
  return new Promise((resolve) => {
    execFile("git", [...args], { env, timeout: 10_000, cwd: process.cwd() }, (error, stdout) =>
      resolve({ code: error ? (Reflect.get(error, "code") ?? error.name) : undefined, stdout }),
    );
  });
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}
