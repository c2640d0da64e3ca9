import { attackersCallback, type Attack, isMallory, whoIs, withCallback } from "./attack.js";
import { consent, startSignIn } from "../sample.js";

/** On the way to Bitbucket and back. */
export const signInAttacks: readonly Attack[] = [
  {
    title: "login CSRF: the victim opens a callback of the attacker's sign-in",
    needs: "attempts belong to no browser",
    async succeeds(stage) {
      const { pathname, search } = await attackersCallback(stage);
      await stage.victim.get(pathname + search);
      return isMallory(stage.victim, stage.sample);
    },
  },
  {
    title: "swap between users: the attacker opens a callback of the victim's sign-in",
    needs: "attempts belong to no browser",
    async succeeds({ sample, victim, attacker }) {
      await attacker.get(consent(sample, await startSignIn(victim)));
      return (await whoIs(attacker)) === sample.alice;
    },
  },
  {
    title: "swap between tabs: one tab's code under another tab's state",
    needs: "everybody has the same PKCE verifier",
    async succeeds({ sample, victim }) {
      const first = new URL(consent(sample, await startSignIn(victim)), "http://app.example");
      const second = new URL(consent(sample, await startSignIn(victim)), "http://app.example");
      second.searchParams.set("code", first.searchParams.get("code") ?? "");
      await victim.get(second.pathname + second.search);
      return (await whoIs(victim)) !== undefined;
    },
  },
  {
    title: "code injection: the attacker's code in the victim's callback",
    needs: "everybody has the same PKCE verifier",
    async succeeds(stage) {
      const code = (await attackersCallback(stage)).searchParams.get("code") ?? "";
      await withCallback(stage, (callback) => {
        callback.searchParams.set("code", code);
        return callback.pathname + callback.search;
      });
      return isMallory(stage.victim, stage.sample);
    },
  },
  {
    title: "reuse of a callback, with the cookie of the attempt kept",
    needs: "a finished sign-in is finished again",
    async succeeds({ sample, victim, attacker }) {
      const callback = consent(sample, await startSignIn(victim));
      const kept = [...victim.cookies];
      await victim.get(callback);
      for (const [name, value] of kept) attacker.cookies.set(name, value);
      await attacker.get(callback);
      return (await whoIs(attacker)) !== undefined;
    },
  },
  {
    title: "a callback without a state",
    needs: "the state is not compared",
    succeeds: (stage) =>
      withCallback(stage, ({ pathname, searchParams }) => `${pathname}?code=${searchParams.get("code")}`),
  },
  {
    title: "a callback with an empty state",
    needs: "the state is not compared",
    succeeds: (stage) =>
      withCallback(
        stage,
        ({ pathname, searchParams }) => `${pathname}?code=${searchParams.get("code")}&state=`,
      ),
  },
  {
    title: "a callback with a guessed state",
    needs: "the state is not compared",
    succeeds: (stage) =>
      withCallback(stage, (callback) => {
        callback.searchParams.set("state", "A".repeat(43));
        return callback.pathname + callback.search;
      }),
  },
  {
    title: "parameter pollution: two states",
    needs: "of two parameters the first counts",
    succeeds: (stage) => withCallback(stage, ({ pathname, search }) => `${pathname}${search}&state=another`),
  },
  {
    title: "parameter pollution: two codes",
    needs: "of two parameters the first counts",
    succeeds: (stage) => withCallback(stage, ({ pathname, search }) => `${pathname}${search}&code=another`),
  },
  {
    title: "mix-up: the callback names another issuer",
    needs: "the issuer is not read",
    succeeds: (stage) =>
      withCallback(stage, ({ pathname, search }) => `${pathname}${search}&iss=https://evil.example`),
  },
  {
    title: "a refusal with a code beside it",
    needs: "an error beside a code is not read",
    succeeds: (stage) =>
      withCallback(stage, ({ pathname, search }) => `${pathname}${search}&error=access_denied`),
  },
  {
    title: "an attempt that was kept for longer than ten minutes",
    needs: "attempts do not age",
    async succeeds({ sample, victim }) {
      const url = await startSignIn(victim);
      await sample.mock.clock.advance("11m");
      await victim.get(consent(sample, url));
      return (await whoIs(victim)) !== undefined;
    },
  },
  {
    title: "cookie bomb: sign-ins are started until no request fits any more",
    needs: "attempts are never forgotten",
    async succeeds({ victim }) {
      for (let attempt = 0; attempt < 60; attempt++) {
        const { status } = await victim.get(`/auth/bitbucket?returnTo=/${"a".repeat(900)}`);
        if (status === 431) return true;
      }
      return false;
    },
  },
  {
    title: "a script in the reason for a refusal",
    needs: "error pages repeat what came in",
    async succeeds({ victim }) {
      const state = (await startSignIn(victim)).searchParams.get("state");
      const reason = encodeURIComponent("<script>alert(1)</script>");
      const path = `/auth/bitbucket/callback?state=${state}&error=x&error_description=${reason}`;
      return (await victim.get(path)).text.includes("<script>");
    },
  },
];
