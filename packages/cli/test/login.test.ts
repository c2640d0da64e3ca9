import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { planLogin } from "../src/login.ts";
import { openCommandLine, withProgram, type CommandLine } from "./command-line.ts";

let line: CommandLine;
beforeEach(async () => {
  line = await openCommandLine();
});
afterEach(() => line.close());

const consumer = (): { clientId: string; clientSecret: string } => {
  const [first] = line.mock.consumers;
  if (!first) throw new Error("no consumer");
  return first;
};
const consumerEnv = (): Record<string, string> => ({
  BITBUCKET_CLIENT_ID: consumer().clientId,
  BITBUCKET_CLIENT_SECRET: consumer().clientSecret,
});

/** Any free port: other tests run at the same time. */
async function freePort(): Promise<string> {
  const { createServer } = await import("node:net");
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(String(typeof address === "object" && address ? address.port : 0)));
    });
  });
}

describe("login by browser", () => {
  it("listens for the browser, says who signed in, and keeps a grant that token then prints", async () => {
    const port = await freePort();
    const running = line.start(["login", "--port", port], { env: consumerEnv() });
    const [address] = await running.seen(/http\S+authorize\S+/);
    const page = await fetch(line.mock.authorize({ url: address }).redirect);
    expect(await page.text()).toContain("You are signed in");
    const { exitCode, stdout, stderr } = await running.ended;
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(stderr).toContain("Signed in as Alice.");
    expect(stderr).toContain("account, repository:write");
    expect((await line.run(["token"])).stdout.trim()).toBe(line.grant().tokens.accessToken);
  });

  it("starts the browser with a file, so that no argument holds the state of the sign-in", async () => {
    const seen = join(line.home, "seen");
    const port = await freePort();
    const env = {
      ...consumerEnv(),
      ...(await withProgram(
        line,
        "xdg-open",
        `#!/bin/sh\nprintf '%s' "$*" > '${seen}.arguments'\ncp "\${1#file://}" '${seen}.page'\nstat -c %a "\${1#file://}" > '${seen}.mode'\n: > '${seen}.done'\n`,
      )),
      DISPLAY: ":0",
    };
    const running = line.start(["login", "--port", port], { env });
    const [address] = await running.seen(/http\S+authorize\S+/);
    await until(() => readFile(`${seen}.done`));
    const state = new URL(address).searchParams.get("state") ?? "";
    expect(await readFile(`${seen}.arguments`, "utf8")).not.toContain(state);
    expect((await readFile(`${seen}.mode`, "utf8")).trim()).toBe("600");
    const page = await readFile(`${seen}.page`, "utf8");
    expect(page).toContain(`url=${address.replaceAll("&", "&amp;")}`);
    await fetch(line.mock.authorize({ url: address }).redirect);
    expect((await running.ended).exitCode).toBe(0);
    const file = (await readFile(`${seen}.arguments`, "utf8")).replace("file://", "");
    await expect(readFile(file)).rejects.toThrow("ENOENT");
  });

  it("exits with 2 when the user says no, and keeps nothing", async () => {
    const port = await freePort();
    const running = line.start(["login", "--port", port], { env: consumerEnv() });
    const [address] = await running.seen(/http\S+authorize\S+/);
    await fetch(line.mock.deny({ url: address }));
    const { exitCode, stderr } = await running.ended;
    expect(exitCode).toBe(2);
    expect(stderr).toContain("access_denied");
    expect((await line.run(["status"])).exitCode).toBe(2);
  });

  it("exits with 130 on Ctrl-C", async () => {
    const running = line.start(["login", "--port", await freePort()], { env: consumerEnv() });
    await running.seen(/authorize/);
    running.process.kill("SIGINT");
    const { exitCode, stderr } = await running.ended;
    expect(exitCode).toBe(130);
    expect(stderr).toContain("Interrupted. Nothing was changed.");
  });
});

describe("login --no-browser", () => {
  it("takes the address the browser ended at", async () => {
    const { exitCode } = await (await line.startLogin()).ended;
    expect(exitCode).toBe(0);
    const { stdout } = await line.run(["status", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      account: "default",
      kind: "oauth",
      works: true,
      user: { displayName: "Alice" },
      keptIn: line.directory,
      keyIn: line.keyDirectory,
    });
  });

  it("answers with JSON on stdout alone", async () => {
    const { stdout } = await (await line.startLogin(["--json"])).ended;
    expect(JSON.parse(stdout)).toMatchObject({
      account: "default",
      kind: "oauth",
      user: { displayName: "Alice" },
    });
    expect(line.mock.leaks(stdout)).toEqual([]);
  });

  it("says what is missing in what was pasted", async () => {
    const running = line.start(["login", "--no-browser"], { env: consumerEnv() });
    await running.seen(/authorize/);
    running.type("yes\n");
    const { exitCode, stderr } = await running.ended;
    expect(exitCode).toBe(1);
    expect(stderr).toContain("it begins with http://localhost:8976/callback?");
  });
});

describe("the consumer of a login", () => {
  it("comes from stdin as two lines where there is no terminal, and is kept for the next login", async () => {
    const { clientId, clientSecret } = consumer();
    const first = line.start(["login", "--no-browser"]);
    first.type(`${clientId}\n${clientSecret}\n`);
    const [address] = await first.seen(/http\S+authorize\S+/);
    first.type(`${line.mock.authorize({ url: address }).redirect.href}\n`);
    expect((await first.ended).exitCode).toBe(0);

    const second = line.start(["login", "--no-browser", "--account", "work"]);
    const [again] = await second.seen(/http\S+authorize\S+/);
    second.type(`${line.mock.authorize({ url: again }).redirect.href}\n`);
    const { stderr } = await second.ended;
    expect(stderr).toContain("Using the consumer of the account default");
    expect(JSON.parse((await line.run(["status", "--json", "--account", "work"])).stdout)).toMatchObject({
      works: true,
      accounts: ["default", "work"],
    });
  });

  it("takes its account from a login of another consumer meanwhile, and leaves no grant of that behind", async () => {
    const other = line.mock.consumers.add({ callbackUrl: "http://localhost:8976/callback" });
    const running = line.start(["login", "--no-browser"], {
      env: { BITBUCKET_CLIENT_ID: other.clientId, BITBUCKET_CLIENT_SECRET: other.clientSecret },
    });
    const [address] = await running.seen(/http\S+authorize\S+/);
    await line.signIn();
    running.type(`${line.mock.authorize({ url: address }).redirect.href}\n`);
    expect((await running.ended).exitCode).toBe(0);
    const auth = line.openAuth();
    await expect(auth.getTokens("default")).rejects.toMatchObject({ code: "signed_out" });
    await auth.close();
    expect((await line.run(["token"])).stdout.trim()).toBe(line.grant().tokens.accessToken);
  });

  it("is asked for where there is nobody to ask: exit 1 and the line that is missing", async () => {
    const { exitCode, stderr } = await line.run(["login"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("Key: stdin has no line for it, and there is no terminal to ask on.");
  });

  it("is refused in halves, by name", async () => {
    const { exitCode, stderr } = await line.run(["login"], { env: { BITBUCKET_CLIENT_ID: "key" } });
    expect(exitCode).toBe(4);
    expect(stderr).toContain("BITBUCKET_CLIENT_SECRET is not set");
  });

  it("with a wrong secret exits with 4, and nothing is kept", async () => {
    const running = line.start(["login", "--no-browser"], {
      env: { ...consumerEnv(), BITBUCKET_CLIENT_SECRET: "wrong" },
    });
    const [address] = await running.seen(/http\S+authorize\S+/);
    running.type(`${line.mock.authorize({ url: address }).redirect.href}\n`);
    const { exitCode, stderr } = await running.ended;
    expect(exitCode).toBe(4);
    expect(stderr).toContain("Check the consumer's key, secret and callback URL.");
    expect((await line.run(["token"])).exitCode).toBe(2);
  });
});

describe("login after what was kept was lost", () => {
  const isLost = async (): Promise<void> => {
    const { exitCode, stderr } = await line.run(["token"]);
    expect([2, 4]).toContain(exitCode);
    expect(stderr).toMatch(/sign in again/i);
  };
  const signInAnew = async (): Promise<string> => {
    const { stderr } = await (await line.startLogin()).ended;
    expect((await line.run(["token"])).stdout.trim()).toBe(line.grant().tokens.accessToken);
    return stderr;
  };

  it("takes the place of files that were damaged", async () => {
    await line.signIn();
    const places = await readdir(join(line.directory, "tokens"), { recursive: true });
    for (const place of places.filter((name) => /\d\.json$/.test(name)))
      await writeFile(join(line.directory, "tokens", place), "damaged");
    await isLost();
    expect(await signInAnew()).toContain("cannot be read. This sign-in takes their place.");
  });

  it("takes the place of what a key opened that is gone", async () => {
    await line.signIn();
    const { accessToken } = line.grant().tokens;
    const request = `protocol=http\nhost=${new URL(line.server.url).host}\npassword=${accessToken}\n\n`;
    await line.run(["git-credential", "erase"], { input: request });
    await rm(line.keyDirectory, { recursive: true });
    await isLost();
    expect(await signInAnew()).toContain("cannot be read. This sign-in takes their place.");
  });
});

describe("login with a token that cannot be renewed", () => {
  it("checks an API token from stdin, keeps it, and gives it to Git under its own user name", async () => {
    const { token } = line.mock.issueCredential({ kind: "api-token" });
    const { exitCode, stderr } = await line.run(["login", "--api-token", "--email", "alice@example.com"], {
      input: `${token}\n`,
    });
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining("Signed in as Alice."),
    });
    const printed = JSON.parse((await line.run(["token", "--json"])).stdout);
    expect(printed).toMatchObject({
      kind: "api_token",
      token,
      email: "alice@example.com",
      gitUsername: "x-bitbucket-api-token-auth",
    });
  });

  it("takes email and token as two lines", async () => {
    const { token } = line.mock.issueCredential({ kind: "api-token" });
    const { exitCode } = await line.run(["login", "--api-token"], { input: `alice@example.com\n${token}\n` });
    expect(exitCode).toBe(0);
  });

  it("keeps an access token with its workspace", async () => {
    const { token } = line.mock.issueCredential({ kind: "workspace-access-token" });
    const { exitCode, stderr } = await line.run(["login", "--access-token", "--workspace", "acme"], {
      input: `${token}\n`,
    });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect((await line.run(["token"])).stdout).toBe(`${token}\n`);
  });

  it("keeps nothing that Bitbucket refuses", async () => {
    const { exitCode, stderr } = await line.run(["login", "--api-token", "--email", "alice@example.com"], {
      input: "ATATT-wrong\n",
    });
    expect(exitCode).toBe(4);
    expect(stderr).toContain("Nothing was kept.");
    expect((await line.run(["token"])).exitCode).toBe(2);
  });

  it("says so on the day it ends, and hands it out no more", async () => {
    const { token } = line.mock.issueCredential({ kind: "api-token" });
    const login = ["login", "--api-token", "--email", "alice@example.com", "--expires", "2026-01-31"];
    await line.run(login, { input: `${token}\n` });
    const { exitCode, stdout, stderr } = await line.run(["token"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain("expired on 2026-01-31");
  });
});

describe("planLogin()", () => {
  it.each([
    [{ apiToken: true, accessToken: true }, "do not go together"],
    [{ apiToken: true, port: "9000" }, "--port goes with a sign-in by browser only"],
    [{ email: "a@b" }, "--email goes with --api-token only"],
    [{ accessToken: true, email: "a@b" }, "--email goes with --api-token only"],
    [{ workspace: "acme" }, "--workspace goes with --access-token only"],
    [{ port: "0" }, "is no port"],
    [{ apiToken: true, expires: "tomorrow" }, "is no day"],
    [{ apiToken: true, expires: "2027-02-31" }, "is no day"],
  ])("refuses %j", (options, words) => {
    expect(() => planLogin(options)).toThrow(words);
  });

  it("takes what goes together", () => {
    expect(planLogin({ browser: true })).toEqual({ kind: "oauth", port: 8976 });
    expect(planLogin({ accessToken: true, workspace: "acme", expires: "2027-03-01" })).toEqual({
      kind: "access_token",
      expiresAt: Date.UTC(2027, 2, 1),
    });
  });
});

/** Asks again until it is there. */
async function until<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const found = await ask().then(
      (value) => ({ value }),
      () => undefined,
    );
    if (found) return found.value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
