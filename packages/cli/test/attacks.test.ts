import { execFile } from "node:child_process";
import { chmod, chown, lstat, mkdir, readdir, readFile, rename, symlink } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readCredentialRequest } from "../src/git-credential.ts";
import { openCommandLine, type CommandLine, type Ended } from "./command-line.ts";

let line: CommandLine;
beforeEach(async () => {
  line = await openCommandLine();
});
afterEach(() => line.close());

/** What a run says that has to be refused: exit 4, nothing on stdout, no secret anywhere. */
async function refusal(args: readonly string[], input = ""): Promise<string> {
  const { exitCode, stdout, stderr } = await line.run(args, { input });
  expect({ exitCode, stdout, leaks: line.mock.leaks(stderr) }).toEqual({
    exitCode: 4,
    stdout: "",
    leaks: [],
  });
  return stderr;
}

describe("files that are not the user's own", () => {
  const isRoot = process.geteuid?.() === 0;

  it("are all 0600, in directories of 0700, with no secret in clear", async () => {
    await line.signIn();
    const { token } = line.mock.issueCredential({ kind: "api-token" });
    await line.run(["login", "--account", "other", "--api-token", "--email", "alice@example.com"], {
      input: `${token}\n`,
    });
    const modes = new Set<string>();
    let text = "";
    for (const root of [line.directory, line.keyDirectory]) {
      for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        const { mode } = await lstat(path);
        modes.add(`${entry.isDirectory() ? "directory" : "file"} ${(mode & 0o777).toString(8)}`);
        if (entry.isFile()) text += await readFile(path, "utf8");
      }
    }
    expect([...modes].toSorted()).toEqual(["directory 700", "file 600"]);
    // "bb1.", the beginning of a sealed record, in base64.
    expect(text).toContain("YmIxL");
    expect(line.mock.leaks(text)).toEqual([]);
  });

  it("are refused when others can read them", async () => {
    await line.signIn();
    await chmod(line.directory, 0o755);
    expect(await refusal(["token"])).toContain("is open to other users of this machine (mode 0755)");
  });

  it("are refused behind a symbolic link", async () => {
    await line.signIn();
    await rename(line.directory, `${line.directory}.real`);
    await symlink(`${line.directory}.real`, line.directory);
    expect(await refusal(["token"])).toContain("is a symbolic link, which is never followed");
  });

  it("are refused when the key is a symbolic link", async () => {
    await line.signIn();
    const [key = ""] = (await readdir(line.keyDirectory)).filter((name) => name.endsWith(".json"));
    const path = join(line.keyDirectory, key);
    await rename(path, `${path}.real`);
    await symlink(`${path}.real`, path);
    expect(await refusal(["token"])).toContain("is a symbolic link, which is never followed");
  });

  // Only root can give a file away.
  it.runIf(isRoot)("are refused when they belong to another user", async () => {
    await line.signIn();
    await chown(line.directory, 4_242, 4_242);
    expect(await refusal(["token"])).toContain("belongs to another user (4242)");
  });

  it.runIf(isRoot)("are refused when another user has planted them before the first login", async () => {
    await mkdir(line.directory, { mode: 0o700 });
    await chown(line.directory, 4_242, 4_242);
    const { token } = line.mock.issueCredential({ kind: "api-token" });
    const login = ["login", "--api-token", "--email", "alice@example.com"];
    expect(await refusal(login, `${token}\n`)).toContain("belongs to another user (4242)");
    expect(await readdir(line.directory)).toEqual([]);
  });

  it("cannot be swapped: what is kept for one place does not open at another", async () => {
    await line.signIn();
    const tokens = join(line.directory, "tokens");
    const entries = (await readdir(tokens)).filter((name) => !name.startsWith("."));
    const [one = "", other = ""] = entries;
    expect(entries.length).toBeGreaterThan(1);
    await rename(join(tokens, one), join(tokens, "aside"));
    await rename(join(tokens, other), join(tokens, one));
    await rename(join(tokens, "aside"), join(tokens, other));
    const { exitCode, stdout } = await line.run(["token"]);
    expect(exitCode).not.toBe(0);
    expect(stdout).toBe("");
  });
});

describe("what an address may make Git ask", () => {
  const host = (): string => new URL(line.server.url).host;
  const get = (input: string): Promise<Ended> => line.run(["git-credential", "get"], { input });

  it("gets nothing for another host, and Git's other helpers are left to answer", async () => {
    await line.signIn();
    const port = host().split(":")[1] ?? "";
    const asked = [
      "protocol=http\nhost=evil.example\n\n",
      `protocol=http\nhost=${host()}.evil.example\n\n`,
      `protocol=http\nhost=evil.example/${host()}\n\n`,
      `protocol=http\nhost=${host()}@evil.example\n\n`,
      `protocol=http\nhost=127.0.0.1\n\n`,
      `protocol=http\nhost=localhost:${port}\n\n`,
      `protocol=http\nhost=\npath=//${host()}/acme\n\n`,
      `protocol=https\nhost=${host()}\n\n`,
      `protocol=http\nhost=evil.example\npath=\nhost=${host()}\n\n`,
      `protocol=http\nhost=evil.example\r\nhost=${host()}\n\n`,
      `url=http://${host()}\nprotocol=http\nhost=${host()}\n\n`,
      "",
    ];
    for (const input of asked.slice(0, 3)) {
      expect({ input, ...(await get(input)) }).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
    }
    // The rest by the function that decides: a process for each would show the same.
    for (const input of asked) {
      const request = readCredentialRequest(input);
      expect({ input, isOurs: request?.protocol === "http" && request.host === host() }).toEqual({
        input,
        isOurs: false,
      });
    }
  });

  it("cannot make the answer more than it is with a path", async () => {
    await line.signIn();
    const { stdout } = await get(`protocol=http\nhost=${host()}\npath=acme/x.git%0apassword=y\n\n`);
    expect(stdout.match(/^password=/gm)).toHaveLength(1);
    expect(stdout).not.toMatch(/^password=y$/m);
  });

  it("cannot make another host's password refused", async () => {
    await line.signIn();
    const { stdout: token } = await line.run(["token"]);
    const input = `protocol=https\nhost=evil.example\npassword=${token.trim()}\n\n`;
    await line.run(["git-credential", "erase"], { input });
    expect((await get(`protocol=http\nhost=${host()}\n\n`)).stdout).toContain(token.trim());
  });

  it("is bounded in size", async () => {
    const { exitCode, stdout } = await get(`protocol=http\nhost=${"a".repeat(70_000)}\n\n`);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  });
});

describe("a sign-in that others take part in", () => {
  const consumerEnv = (): Record<string, string> => {
    const [first] = line.mock.consumers;
    return { BITBUCKET_CLIENT_ID: first?.clientId ?? "", BITBUCKET_CLIENT_SECRET: first?.clientSecret ?? "" };
  };
  const listenAnywhere = (host = "127.0.0.1"): Promise<{ server: Server; port: number }> =>
    new Promise((resolve) => {
      const server = createServer().listen(0, host, () => {
        const address = server.address();
        resolve({ server, port: typeof address === "object" && address ? address.port : 0 });
      });
    });

  it("turns away a callback from another tab, and still takes its own", async () => {
    const { server, port } = await listenAnywhere();
    await new Promise((resolve) => server.close(resolve));
    const running = line.start(["login", "--port", String(port)], { env: consumerEnv() });
    const [address] = await running.seen(/http\S+authorize\S+/);
    const stranger = line.mock.authorize({ state: "another-state" }).code;
    const page = await fetch(`http://127.0.0.1:${port}/callback?code=${stranger}&state=another-state`);
    expect(page.status).toBe(400);
    const own = await fetch(line.mock.authorize({ url: address }).redirect);
    expect(own.status).toBe(200);
    expect((await running.ended).exitCode).toBe(0);
  });

  it("refuses a pasted address of another sign-in", async () => {
    const running = line.start(["login", "--no-browser"], { env: consumerEnv() });
    await running.seen(/authorize/);
    running.type(`${line.mock.authorize({ state: "another-state" }).redirect.href}\n`);
    const { exitCode, stderr } = await running.ended;
    expect(exitCode).toBe(2);
    expect(stderr).toContain("does not belong to this sign-in");
    expect(line.mock.requests.count("token")).toBe(0);
  });

  // A browser may take `localhost` for either.
  const ours = Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address));
  const loopbacks = ["127.0.0.1", "::1"].filter((address) => ours.includes(address));
  it.each(loopbacks)(
    "does not begin when another program listens on its port at %s alone",
    async (address) => {
      const { server, port } = await listenAnywhere(address);
      const { exitCode, stderr } = await line.run(["login", "--port", String(port)], { env: consumerEnv() });
      server.close();
      expect(exitCode).toBe(4);
      expect(stderr).toContain(`Port ${port} of this machine cannot be listened on (EADDRINUSE)`);
      expect(stderr).not.toContain("authorize");
    },
  );

  it("listens on this machine alone", async () => {
    const { server, port } = await listenAnywhere();
    await new Promise((resolve) => server.close(resolve));
    const running = line.start(["login", "--port", String(port)], { env: consumerEnv() });
    await running.seen(/authorize/);
    const { stdout } = await promisify(execFile)("sh", ["-c", "cat /proc/net/tcp /proc/net/tcp6"]);
    const addresses = stdout
      .split("\n")
      .map((row) => row.trim().split(/\s+/))
      .filter(
        ([, local = "", , state]) =>
          state === "0A" && local.endsWith(`:${port.toString(16).toUpperCase().padStart(4, "0")}`),
      )
      .map(([, local = ""]) => local.split(":")[0]);
    running.process.kill();
    await running.ended;
    expect(addresses).toContain("0100007F");
    const loopback = ["0100007F", "00000000000000000000000001000000"];
    expect(addresses.filter((address) => !loopback.includes(address ?? ""))).toEqual([]);
  });
});

describe("what ps shows", () => {
  const argumentsOf = (pid: number | string | undefined): Promise<string> =>
    readFile(`/proc/${pid}/cmdline`, "utf8");

  it("holds no secret of a login that waits, and not its state", async () => {
    const [consumer] = line.mock.consumers;
    const running = line.start(["login", "--no-browser"]);
    running.type(`${consumer?.clientId}\n${consumer?.clientSecret}\n`);
    const [address] = await running.seen(/http\S+authorize\S+/);
    const shown = await argumentsOf(running.process.pid);
    running.process.kill();
    await running.ended;
    expect(shown).toContain("login");
    expect(shown).not.toContain(new URL(address).searchParams.get("state"));
    expect(line.mock.leaks(shown)).toEqual([]);
  });

  it("holds no token: neither of exec, nor of the command that has it", async () => {
    await line.signIn();
    const show = `process.stdout.write(process.pid + " " + Buffer.byteLength(process.env.BITBUCKET_TOKEN)); setTimeout(() => {}, 60_000)`;
    const running = line.start(["exec", "--", process.execPath, "-e", show]);
    const [, child = ""] = await running.seen(/(\d+) \d{4}/);
    const shown = await Promise.all([child, running.process.pid].map(argumentsOf));
    running.process.kill("SIGTERM");
    await running.ended;
    expect(shown.join()).toContain("main.js");
    expect(line.mock.leaks(shown.join())).toEqual([]);
  });

  it("cannot hold one: no option takes a secret", async () => {
    const options = ["--secret", "--client-secret", "--token"];
    const runs = await Promise.all(options.map((option) => line.run(["login", option, "hidden-value"])));
    expect(runs.map(({ exitCode, stderr }) => [exitCode, stderr.split("\n")[0]])).toEqual(
      options.map((option) => [1, `bitbucket-auth: unknown option '${option}'`]),
    );
  });
});
