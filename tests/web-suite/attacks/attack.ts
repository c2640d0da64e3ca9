import type { BitbucketMockOptions } from "@bitbucket-auth/testing";
import type { Browser } from "../browser.js";
import { consent, type Sample, type SentRequest, startSignIn } from "../sample.js";

/** What an attack has to play with. */
export interface Stage {
  readonly sample: Sample;
  readonly victim: Browser;
  readonly attacker: Browser;
  /** What the API was asked for. */
  readonly sent: readonly SentRequest[];
}

/** What an attack needs of the app. */
export interface AttackedApp {
  readonly baseUrl?: string;
  readonly proxy?: string;
  readonly bitbucket?: BitbucketMockOptions;
}

/** What an attack needs to succeed: each is a defence taken away. */
export type Need =
  | "attempts belong to no browser"
  | "the state is not compared"
  | "everybody has the same PKCE verifier"
  | "a finished sign-in is finished again"
  | "of two parameters the first counts"
  | "the issuer is not read"
  | "an error beside a code is not read"
  | "attempts do not age"
  | "cookies are not sealed"
  | "any secret opens a cookie"
  | "of two cookies the first counts"
  | "cookies are not bound to the host"
  | "signing out only clears the cookie"
  | "sessions outlive a sign-out"
  | "sessions do not age"
  | "return-to is taken as it is"
  | "no origin is judged"
  | "a read may come from anywhere"
  | "proxy paths are taken as they are"
  | "the proxy returns code"
  | "the proxy forwards every header"
  | "the proxy returns every header and nothing else"
  | "attempts are never forgotten"
  | "error pages repeat what came in";

/** A case of the table: what an attacker tries. */
export interface Attack {
  readonly title: string;
  readonly needs: Need;
  readonly app?: AttackedApp;
  /** Answers whether the attacker got what they wanted. */
  succeeds(stage: Stage): Promise<boolean>;
}

export const https: AttackedApp = {
  baseUrl: "https://app.example",
  bitbucket: {
    users: [
      { username: "alice", displayName: "Alice Example" },
      { username: "mallory", displayName: "Mallory Example" },
    ],
    consumers: [{ callbackUrl: "https://app.example/auth/bitbucket/callback" }],
  },
};
export const proxied: AttackedApp = { proxy: "/api/bitbucket" };
export const evil = { Origin: "https://evil.example", Host: "app.example" };

export async function whoIs(browser: Browser): Promise<unknown> {
  return (await browser.get("/private")).body.account;
}

/** Whether the browser is now signed in as the attacker, so that the victim works in the attacker's account. */
export async function isMallory(browser: Browser, { mock }: Sample): Promise<boolean> {
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
