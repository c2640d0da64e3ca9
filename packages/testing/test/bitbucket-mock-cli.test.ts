import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { createBitbucketMock } from "../src/index.ts";
import { connectBitbucketMock } from "../src/server.ts";

const cli = fileURLToPath(new URL("../dist/bitbucket-mock-cli.js", import.meta.url));

type Running = ChildProcessByStdio<null, Readable, Readable>;

function run(...options: string[]): Running {
  const child = spawn(process.execPath, [cli, ...options], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill());
  return child;
}

async function firstOutput(child: Running): Promise<string> {
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  return chunk.toString();
}

describe("bitbucket-mock", () => {
  it("starts a fake for its parent, which drives it and ends it", async () => {
    const child = run("--port", "0", "--json", "--profile", "strict", "--auto-approve=alice");
    const { url, urls } = JSON.parse(await firstOutput(child)) as {
      url: string;
      urls: { api: string; authorize: string };
    };
    const mock = await connectBitbucketMock(url);
    const { tokens, clientOptions } = await mock.issueGrant();
    const user = await fetch(`${urls.api}/2.0/user`, {
      headers: { authorization: `Bearer ${tokens.accessToken}` },
    });
    expect(user.status).toBe(200);
    const page = `${urls.authorize}?response_type=code&client_id=${clientOptions.clientId}`;
    expect((await fetch(page, { redirect: "manual" })).status).toBe(302);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("tells people where everything is", async () => {
    const output = await firstOutput(run("--port", "0"));
    for (const part of ["authorize", "/site/oauth2/access_token", "client id mockConsumerKey"])
      expect(output).toContain(part);
  });

  it("tells the whole of its own consumer, so that an app can be set up with it", async () => {
    const output = await firstOutput(run("--port", "0"));
    const { consumers } = createBitbucketMock();
    expect(output).toContain(`client secret ${consumers[0]?.clientSecret}`);
    const { consumers: told } = JSON.parse(await firstOutput(run("--port", "0", "--json"))) as {
      consumers: unknown;
    };
    expect(told).toMatchObject(
      consumers.map(({ clientId, clientSecret, callbackUrl }) => ({ clientId, clientSecret, callbackUrl })),
    );
  });

  it("keeps the secrets of a seed file to itself", async () => {
    const directory = await mkdtemp(join(tmpdir(), "bitbucket-mock-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, "seed.json");
    await writeFile(file, JSON.stringify({ consumers: [{ clientId: "key", clientSecret: "of somebody" }] }));
    const outputs = [
      await firstOutput(run("--port", "0", "--seed", file)),
      await firstOutput(run("--port", "0", "--seed", file, "--json")),
    ];
    for (const output of outputs) {
      expect(output).toContain("key");
      expect(output).not.toContain("of somebody");
    }
  });

  it("starts with what a seed file says", async () => {
    const directory = await mkdtemp(join(tmpdir(), "bitbucket-mock-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, "seed.json");
    await writeFile(file, JSON.stringify({ users: [{ username: "zoe" }] }));
    const { url } = JSON.parse(await firstOutput(run("--port", "0", "--json", "--seed", file))) as {
      url: string;
    };
    const mock = await connectBitbucketMock(url);
    expect((await mock.issueGrant()).username).toBe("zoe");
  });

  it.each([
    [["--profile", "nonsense"], "there is no profile nonsense"],
    [["--nonsense"], "--nonsense"],
    [["--seed", "/nonexistent/seed.json"], "ENOENT"],
  ])("fails on %j with one line that says why", async (options, reason) => {
    const child = run("--port", "0", ...options);
    const [error] = await Promise.all([text(child.stderr), once(child, "exit")]);
    expect(child.exitCode).toBe(1);
    expect(error).toMatch(/^bitbucket-mock: [^\n]+\n$/);
    expect(error).toContain(reason);
  });

  it("explains its options", async () => {
    expect(await firstOutput(run("--help"))).toContain("--auto-approve");
  });
});
