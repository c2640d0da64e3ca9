/**
 * What `bitbucket-auth token` costs with a valid stored grant, in processor time of the whole process, beside `node -e 0` in the same
 * run: scripts and Git start it again and again. Exits with 1 above 1.5 times the latter and 40 ms.
 *
 *   npm run check, or node benchmarks/command-start.ts
 */
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { startBitbucketMock } from "@bitbucket-auth/testing/server";

type Variables = Readonly<Record<string, string | undefined>>;

const main = fileURLToPath(new URL("../packages/cli/dist/main.js", import.meta.url));
const turns = 21;

/** Signs a user in, so that a grant is stored; resolves with the environment that finds it. */
async function signIn(home: string): Promise<Variables> {
  const mock = createBitbucketMock({ consumers: [{ callbackUrl: "http://localhost:8976/callback" }] });
  const server = await startBitbucketMock(mock);
  const [consumer] = mock.consumers;
  const endpoints = {
    authorizationUrl: server.urls.authorize,
    tokenUrl: server.urls.token,
    apiUrl: server.urls.api,
  };
  const env: Variables = {
    PATH: process.env["PATH"],
    HOME: home,
    BITBUCKET_AUTH_DIRECTORY: join(home, "data"),
    BITBUCKET_AUTH_KEY_DIRECTORY: join(home, "key"),
    BITBUCKET_AUTH_ENDPOINTS: JSON.stringify(endpoints),
  };
  const login = spawn(process.execPath, [main, "login", "--no-browser"], {
    env: {
      ...env,
      BITBUCKET_CLIENT_ID: consumer?.clientId,
      BITBUCKET_CLIENT_SECRET: consumer?.clientSecret,
    },
  });
  let said = "";
  login.stderr.on("data", (chunk: Buffer) => {
    said += String(chunk);
    const [url] = /http\S+authorize\S+(?=\n)/.exec(said) ?? [];
    if (url !== undefined) login.stdin.end(`${mock.authorize({ url }).redirect.href}\n`);
  });
  const exitCode = await new Promise((resolve) => void login.once("close", resolve));
  await server.close();
  if (exitCode !== 0) throw new Error(`The sign-in failed: ${said}`);
  return env;
}

/** Milliseconds of processor time of a process, from its start to its end. The shell is asked: Node counts only its own. */
function processorTime(args: readonly string[], env: Variables): Promise<number> {
  const script = `TIMEFORMAT='%U %S'; time "$@" </dev/null >/dev/null 2>&1 || exit 1`;
  return new Promise((resolve, reject) => {
    execFile("bash", ["-c", script, "bash", process.execPath, ...args], { env }, (error, _, stderr) => {
      if (error) return reject(new Error(`${args.join(" ")} failed.`));
      const [user = "", system = ""] = stderr.trim().split(" ");
      resolve((Number(user) + Number(system)) * 1_000);
    });
  });
}

const home = await mkdtemp(join(tmpdir(), "command-start-"));
try {
  const env = await signIn(home);
  const node: number[] = [];
  const token: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    node.push(await processorTime(["-e", "0"], env));
    token.push(await processorTime([main, "token"], env));
  }
  // The least: other programs on the machine can add to a run, and take nothing away from one.
  const [least, leastOfToken] = [Math.min(...node), Math.min(...token)];
  const limit = 1.5 * least + 40;
  const isTooMuch = leastOfToken > limit;
  if (isTooMuch) process.exitCode = 1;
  console.log(
    `bitbucket-auth token: ${leastOfToken.toFixed(0)} ms beside ${least.toFixed(0)} ms of node -e 0 (at most ${limit.toFixed(0)} ms)${isTooMuch ? "  TOO MUCH" : ""}`,
  );
} finally {
  await rm(home, { recursive: true, force: true });
}
