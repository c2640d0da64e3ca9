import type { Browser } from "../browser.js";
import type { SampleApp, SampleAppOptions } from "../sample-app.js";
import { consent, startSignIn } from "../sample-app.js";
import type { weaknesses } from "../weaknesses.js";

/** What an attack has to play with. */
export interface Stage {
  readonly sample: SampleApp;
  readonly victim: Browser;
  readonly attacker: Browser;
  /** The URLs the API was asked for, and their headers. */
  readonly sent: readonly Request[];
}

/** A case of the table: what an attacker tries. */
export interface Attack {
  readonly title: string;
  /** What the attack needs to succeed. */
  readonly needs: keyof typeof weaknesses;
  readonly app?: SampleAppOptions;
  /** Answers whether the attacker got what they wanted. */
  succeeds(stage: Stage): Promise<boolean>;
}

export const https: SampleAppOptions = {
  baseUrl: "https://app.example",
  bitbucket: {
    users: [
      { username: "alice", displayName: "Alice Example" },
      { username: "mallory", displayName: "Mallory Example" },
    ],
    consumers: [{ callbackUrl: "https://app.example/auth/bitbucket/callback" }],
  },
};
export const proxied: SampleAppOptions = { proxy: "/api/bitbucket" };
export const evil = { Origin: "https://evil.example", Host: "app.example" };

export async function whoIs(browser: Browser): Promise<unknown> {
  return (await browser.get("/private")).body.account;
}

/** Whether the browser is now signed in as the attacker, so that the victim works in the attacker's account. */
export async function isMallory(browser: Browser, { mock }: SampleApp): Promise<boolean> {
  return (await whoIs(browser)) === mock.users.find(({ username }) => username === "mallory")?.uuid;
}

/** Changes the callback of the victim's own sign-in on its way back, and tells whether they end up signed in. */
export async function withCallback(
  { sample, victim }: Stage,
  change: (callback: URL) => string,
): Promise<boolean> {
  const callback = new URL(consent(sample, await startSignIn(victim)), "http://app.example");
  await victim.get(change(callback));
  return (await whoIs(victim)) !== undefined;
}

/** A callback URL of the attacker's own account, never opened by them. */
export async function attackersCallback({ sample, attacker }: Stage): Promise<URL> {
  const callback = consent(sample, await startSignIn(attacker), "mallory");
  return new URL(callback, "http://app.example");
}
