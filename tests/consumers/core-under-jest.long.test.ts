import { cp, mkdtemp, mkdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { root } from "./packed-packages.ts";
import { plainEnvironment } from "./plain-environment.ts";

const require = createRequire(import.meta.url);
const run = promisify(execFile);
const core = join(root, "packages", "core");

/** What every page has and jsdom lacks. */
const setup = `
const { webcrypto } = require("node:crypto");
const { TextDecoder, TextEncoder } = require("node:util");
const { ReadableStream } = require("node:stream/web");
for (const [name, value] of Object.entries({ crypto: webcrypto, TextDecoder, TextEncoder, ReadableStream }))
  if (name === "crypto" || !(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true });
`;

/** Uses the storage of core, its encryption, its sign-in, its refresh and its API calls, and writes down what came of it. */
const program = `
import { writeFileSync } from "node:fs";
import { createBitbucketAuth, createMemoryStorage, isBitbucketAuthError } from "@bitbucket-auth/core";

/** No class of any realm: what a fetch of another realm resolves with looks like this from here. */
function answer(status, body) {
  const bytes = Buffer.from(JSON.stringify(body));
  return {
    status,
    ok: status < 400,
    headers: new Map([["content-type", "application/json"]]),
    body: (async function* () { yield bytes; })(),
    text: async () => bytes.toString(),
    json: async () => body,
  };
}

test("works", async () => {
  let now = 1_800_000_000_000;
  let issued = 1;
  const sent = [];
  const storage = createMemoryStorage({ clock: { now: () => now } });
  const options = {
    clientId: "id",
    clientSecret: "secret",
    storage,
    clock: { now: () => now },
    encryption: { current: "k1", keys: { k1: new Uint8Array(32).fill(1) } },
    logging: false,
    async fetch(url, init) {
      const { pathname } = new URL(String(url));
      sent.push(pathname);
      if (pathname === "/2.0/user") return answer(200, { uuid: "{ann}" });
      const form = new URLSearchParams(String(init.body));
      if (form.get("grant_type") === "refresh_token" && form.get("refresh_token") !== "refresh-" + issued)
        return answer(400, { error: "invalid_grant" });
      issued += 1;
      return answer(200, { access_token: "access-" + issued, refresh_token: "refresh-" + issued, expires_in: 7200 });
    },
  };
  const auth = createBitbucketAuth(options);
  const { url, transaction } = await auth.startAuthorization();
  const state = new URL(url).searchParams.get("state");
  const { account } = await auth.finishAuthorization({ callback: "?code=c&state=" + state, transaction });
  now += 7_200_000;
  const tokens = await Promise.all(Array.from({ length: 100 }, () => auth.getAccessToken(account)));
  const { status } = await auth.fetchFor(account)("/2.0/user");
  const records = [];
  for await (const key of storage.list("")) records.push(await storage.get(key));
  const refusal = await auth.getAccessToken("bob").catch((error) => isBitbucketAuthError(error) && error.code);
  const aborted = await auth
    .getAccessToken("bob", { signal: AbortSignal.abort() })
    .catch((error) => error.name);
  await auth.close();
  const reopened = createBitbucketAuth(options);
  const again = await reopened.getAccessToken(account);
  const result = {
    account, status, sent, refusal, aborted, again,
    tokens: [...new Set(tokens)],
    sealed: records.map(({ bytes }) => Buffer.from(bytes).toString().slice(0, 7)),
    haveBytesOneRealm: new TextEncoder().encode("a") instanceof Uint8Array,
  };
  writeFileSync("result.json", JSON.stringify(result));
});
`;

async function createProject(): Promise<string> {
  const project = await realpath(await mkdtemp(join(tmpdir(), "core-jest-")));
  onTestFinished(() => rm(project, { recursive: true, force: true }));
  const installed = join(project, "node_modules", "@bitbucket-auth", "core");
  await mkdir(installed, { recursive: true });
  await cp(join(core, "dist"), join(installed, "dist"), { recursive: true });
  await cp(join(core, "package.json"), join(installed, "package.json"));
  await writeFile(join(project, "core.test.mjs"), program);
  await writeFile(join(project, "setup.cjs"), setup);
  return project;
}

const tokenPath = "/site/oauth2/access_token";

describe("the built core under jest, whose realm is not the one of Node's bytes and errors", () => {
  it.each([
    { name: "node", environment: "node", haveBytesOneRealm: true },
    { name: "jsdom", environment: require.resolve("jest-environment-jsdom"), haveBytesOneRealm: false },
  ])(
    "signs in, refreshes once, seals and calls the API in its environment $name",
    async ({ environment, haveBytesOneRealm }) => {
      const project = await createProject();
      const config = {
        rootDir: project,
        testEnvironment: environment,
        testMatch: ["**/*.test.mjs"],
        setupFiles: ["./setup.cjs"],
        transform: {},
        watchman: false,
        cache: false,
      };
      await writeFile(join(project, "jest.config.json"), JSON.stringify(config));
      const jest = join(dirname(require.resolve("jest/package.json")), "bin", "jest.js");
      const node = ["--experimental-vm-modules", "--no-warnings"];
      await run(process.execPath, [...node, jest, "--config", "jest.config.json", "--runInBand"], {
        cwd: project,
        // A worker of vitest sets variables of its own, which a jest of today's releases reads.
        env: plainEnvironment(),
      });
      expect(JSON.parse(await readFile(join(project, "result.json"), "utf8"))).toEqual({
        account: "{ann}",
        tokens: ["access-3"],
        again: "access-3",
        status: 200,
        sent: [tokenPath, "/2.0/user", tokenPath, "/2.0/user"],
        sealed: ["bb1.k1."],
        refusal: "signed_out",
        aborted: "AbortError",
        haveBytesOneRealm,
      });
    },
  );
});
