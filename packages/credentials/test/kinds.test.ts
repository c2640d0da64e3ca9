import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startBitbucketMock } from "@bitbucket-auth/testing/server";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { accessToken, apiToken, type Credential } from "../src/index.ts";
import { email, kinds, rejectionOf, startBitbucket, type Bitbucket } from "./bitbucket.ts";

const run = promisify(execFile);
const day = 86_400_000;

/** What is particular to each kind; the tests below are the same for all. */
const expectations: Readonly<
  Record<
    string,
    {
      readonly kind: Credential["kind"];
      readonly scheme: "Basic" | "Bearer";
      readonly gitUsername: string;
      readonly identity: object;
      /** Sent under the other scheme: what the refusal says. */
      readonly refusal: string;
      readonly renewed?: true;
    }
  >
> = {
  "an API token": {
    kind: "api_token",
    scheme: "Basic",
    gitUsername: "x-bitbucket-api-token-auth",
    identity: { type: "user", uuid: expect.stringMatching(/^\{/) },
    refusal: "This is an API token (ATATT), which Bitbucket refuses as a bearer token",
  },
  "a workspace access token": {
    kind: "access_token",
    scheme: "Bearer",
    gitUsername: "x-token-auth",
    identity: { type: "workspace", place: "acme" },
    refusal: "This is an access token of a repository, project or workspace (ATCTT): use accessToken(",
  },
  "a project access token": {
    kind: "access_token",
    scheme: "Bearer",
    gitUsername: "x-token-auth",
    identity: { type: "repository", place: "acme/website" },
    refusal: "This is an access token of a repository, project or workspace (ATCTT): use accessToken(",
  },
  "a repository access token": {
    kind: "access_token",
    scheme: "Bearer",
    gitUsername: "x-token-auth",
    identity: { type: "repository", place: "acme/website" },
    refusal: "This is an access token of a repository, project or workspace (ATCTT): use accessToken(",
  },
  "an OAuth grant": {
    kind: "oauth",
    scheme: "Bearer",
    gitUsername: "x-token-auth",
    identity: { type: "user", uuid: expect.stringMatching(/^\{/) },
    refusal: "an OAuth token goes with oauthCredential()",
    renewed: true,
  },
  "a consumer": {
    kind: "consumer",
    scheme: "Bearer",
    gitUsername: "x-token-auth",
    identity: { type: "app_user" },
    refusal: "an OAuth token goes with oauthCredential()",
    renewed: true,
  },
};

/** Clones with real `git`, which gets user name and password from a helper, as a program would hand them over. */
async function clone(
  url: string,
  into: string,
  login: { readonly username: string; readonly password: string },
): Promise<void> {
  const helper = `!f() { test "$1" = get && printf 'username=%s\\npassword=%s\\n' "$GIT_USER" "$GIT_SECRET"; }; f`;
  await run("git", ["-c", `credential.helper=${helper}`, "clone", "--quiet", url, into], {
    env: {
      PATH: process.env["PATH"],
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_TERMINAL_PROMPT: "0",
      GIT_USER: login.username,
      GIT_SECRET: login.password,
    },
  });
}

describe.each(Object.entries(kinds))("%s", { timeout: 60_000 }, (name, make) => {
  const expected = expectations[name];
  if (!expected) throw new Error(`The table lacks ${name}.`);
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "credentials-"));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  /** The fake on a port of this machine, with a Git repository. */
  async function withServer<T>(use: (bitbucket: Bitbucket, repository: string) => Promise<T>): Promise<T> {
    const bitbucket = await startBitbucket();
    const git = { directory: await mkdtemp(join(directory, "git-")) };
    const server = await startBitbucketMock(bitbucket.mock, { git });
    try {
      return await use(bitbucket, new URL("/acme/website.git", server.url).href);
    } finally {
      await server.close();
    }
  }

  it("calls the API with the header of its kind", async () => {
    const bitbucket = await startBitbucket();
    const credential = make(bitbucket);
    expect(credential.kind).toBe(expected.kind);
    expect((await credential.fetch("/2.0/repositories/acme/website")).status).toBe(200);
    expect(await credential.authorization()).toMatch(new RegExp(`^${expected.scheme} [^ ]+$`));
    expect(bitbucket.mock.violations).toEqual([]);
  });

  it("is refused under the header of another kind, with the sentence that names the right one", async () => {
    const bitbucket = await startBitbucket();
    const { password: token } = await make(bitbucket).git();
    const wrong =
      expected.scheme === "Basic"
        ? accessToken({ ...bitbucket.route, token })
        : apiToken({ ...bitbucket.route, email, token });
    const error = await rejectionOf(wrong.fetch("/2.0/repositories/acme/website"));
    expect(error).toMatchObject({ code: "access_token_rejected", status: 401, action: "fix_config" });
    expect(String(error)).toContain(expected.refusal);
    expect(await wrong.verify()).toMatchObject({
      ok: false,
      problem: "refused",
      message: expect.stringContaining(expected.refusal),
    });
  });

  it("clones with real git", async () => {
    await withServer(async (bitbucket, repository) => {
      const login = await make(bitbucket).git();
      expect(login.username).toBe(expected.gitUsername);
      const into = await mkdtemp(join(directory, "clone-"));
      await clone(repository, into, login);
      const { stdout } = await run("git", ["-C", into, "config", "remote.origin.url"]);
      expect(stdout).toBe(`${repository}\n`);
    });
  });

  it("does not clone under the user name of another kind, nor under the email", async () => {
    await withServer(async (bitbucket, repository) => {
      const { password } = await make(bitbucket).git();
      const other = expected.gitUsername === "x-token-auth" ? "x-bitbucket-api-token-auth" : "x-token-auth";
      for (const username of [other, email]) {
        const into = await mkdtemp(join(directory, "clone-"));
        await expect(clone(repository, into, { username, password })).rejects.toThrow(
          "Authentication failed",
        );
      }
    });
  });

  it("is verified: whose it is, and until when", async () => {
    const bitbucket = await startBitbucket();
    const expiresAt = bitbucket.mock.clock.now() + 90 * day;
    const found = await make(bitbucket, { expiresAt }).verify();
    expect(found).toMatchObject({ ok: true, kind: expected.kind, identity: expected.identity });
    const until = found.ok ? found.expiresAt : undefined;
    expect(until).toEqual(expect.any(Number));
    expect(until === expiresAt).toBe(expected.renewed !== true);
  });

  it("warns ahead of its expiry and after it, unless it is renewed", async () => {
    const bitbucket = await startBitbucket();
    const { clock } = bitbucket.mock;
    const told: string[] = [];
    const credential = make(bitbucket, {
      expiresAt: clock.now() + 15 * day,
      onWarning: ({ code, kind }) => told.push(`${kind} ${code}`),
    });
    const printed = vi.spyOn(console, "warn");
    await credential.authorization();
    expect(told).toEqual([]);
    for (const wait of ["2d", "14d"] as const) {
      await clock.advance(wait);
      for (const use of [() => credential.authorization(), () => credential.git()]) await use();
    }
    expect(told).toEqual(
      expected.renewed ? [] : [`${expected.kind} expires_soon`, `${expected.kind} expired`],
    );
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
    expect(credential.expiresAt === undefined).toBe(expected.renewed === true);
  });
});
