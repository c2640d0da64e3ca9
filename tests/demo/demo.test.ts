import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDemo, type DemoProcess } from "./demo-process.ts";
import { consentAddress, takesTheFakeAlong } from "./takes-the-fake-along.ts";

/** Long lines of the demo are broken at spaces. */
const unbroken = (output: string): string => output.replaceAll(/\s+/g, " ");

/** Decides as a user in a browser would, and follows Bitbucket back to the demo. */
async function decide(address: string, decision: "grant" | "cancel"): Promise<void> {
  const body = new URLSearchParams({ decision, username: "alice" });
  const landing = await fetch(address, { method: "POST", body });
  expect(await landing.text()).toContain("Back to the terminal");
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("npm run demo", () => {
  let directory: string;
  let secretsFile: string;
  let whole: DemoProcess;
  /** One run of the demo that two tests look at: what it printed, and the secrets of its processes. */
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "demo-secrets-"));
    secretsFile = join(directory, "secrets.jsonl");
    whole = startDemo({
      env: {
        NODE_OPTIONS: `--import=${new URL("record-secrets.ts", import.meta.url).href}`,
        SECRETS_FILE: secretsFile,
      },
    });
    await whole.ended;
  }, 180_000);
  afterAll(() => rm(directory, { recursive: true }));

  it("runs to its end in 80 columns without colours, with the fake in a process of its own, and exits with 0", async () => {
    const { exitCode } = await whole.ended;
    const told = unbroken(whole.output());
    expect(told).toContain("1,000 callers served, all with the same new token.");
    expect(told).toContain("1 refresh was sent, says Bitbucket's log; 999 callers joined it.");
    expect(told).toContain("The caller got a token and noticed nothing. The grant lives.");
    expect(told).toMatch(/name RefreshRejectedError code refresh_rejected action reauthorize .*message \w/);
    expect(told).toContain("Alice Example is back.");
    expect(told).toContain("grants lost 0");
    expect(told).toMatch(/Everything went as told\. $/);
    expect(exitCode).toBe(0);

    const [, pid] = /is a fake: process (\d+)/.exec(told) ?? [];
    expect(Number(pid)).toBeGreaterThan(0);
    expect(isRunning(Number(pid))).toBe(false);

    // Its output is no terminal.
    const lines = whole.output().split("\n");
    expect(lines).toContain("Everything went as told.");
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(whole.output()).not.toContain("\u001B");
  });

  it("prints no secret of its own process or of the fake", async () => {
    const recorded = (await readFile(secretsFile, "utf8")).trim().split("\n");
    const secrets = recorded.map((line) => JSON.parse(line) as { kind: string; secret: string });
    const known = (kind: string): number =>
      new Set(secrets.filter((one) => one.kind === kind).map(({ secret }) => secret)).size;

    // What the demo tells of itself: each sign-in has a code and a verifier, and each redemption brings a pair.
    const output = whole.output();
    const [, signIns = ""] = /\((\d+) sign-ins/.exec(output) ?? [];
    expect(known("code")).toBe(Number(signIns));
    expect(known("code_verifier")).toBe(Number(signIns));
    expect(known("access_token")).toBeGreaterThan(Number(signIns));
    expect(known("refresh_token")).toBe(known("access_token"));
    expect(known("client_secret")).toBe(1);
    const shown = secrets.filter(
      ({ secret }) =>
        output.includes(secret) ||
        output.includes(secret.slice(0, 16)) ||
        output.includes(Buffer.from(secret).toString("base64").slice(0, 20)),
    );
    expect(shown.map(({ kind }) => kind)).toEqual([]);
  });

  it("leaves the consent to the user with --browser", async () => {
    const demo = startDemo({ args: ["--browser"] });
    const [first] = await demo.shows(consentAddress);
    await decide(first, "grant");
    await demo.shows(/6 {2}The user signs in again[^]*http\S+\/authorize\?\S+(?=\n)/m);
    const again = demo.output().match(new RegExp(consentAddress, "gm"))?.at(-1) ?? "";
    await decide(again, "grant");
    const { exitCode } = await demo.ended;
    expect(demo.output()).toContain("Everything went as told.");
    expect(exitCode).toBe(0);
  });

  it("ends with a typed error and 1 when the user denies consent", async () => {
    const demo = startDemo({ args: ["--browser"] });
    const [address] = await demo.shows(consentAddress);
    await decide(address, "cancel");
    const { exitCode } = await demo.ended;
    expect(demo.output()).toContain("The demo ends here: authorization_denied");
    expect(demo.output()).toContain("AuthorizationDeniedError");
    expect(exitCode).toBe(1);
  });

  // The long suite has the other signals.
  takesTheFakeAlong("SIGTERM", 143);
  takesTheFakeAlong("SIGKILL", null);

  it("ends with the reason and 1 when the request log says otherwise", async () => {
    const demo = startDemo({ preload: new URL("repeat-refreshes.ts", import.meta.url) });
    const { exitCode } = await demo.ended;
    expect(demo.output()).toContain("Refreshes sent: the story says 1, but it was 2.");
    expect(demo.output()).not.toContain("Everything went as told.");
    expect(exitCode).toBe(1);
  });

  it("says which option it does not know", async () => {
    const demo = startDemo({ args: ["--colour"] });
    const { exitCode } = await demo.ended;
    expect(demo.output()).toContain("Unknown option '--colour'");
    expect(exitCode).toBe(1);
  });
});
