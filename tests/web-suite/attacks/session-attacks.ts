import { packSession, sealCookie } from "../forge.js";
import { opensPage } from "../browser.js";
import { signIn } from "../sample.js";
import { attackersCallback, type Attack, https, isMallory, whoIs } from "./attack.js";

/** On who is signed in. */
export const sessionAttacks: readonly Attack[] = [
  {
    title: "a session cookie in the clear",
    needs: "cookies are not sealed",
    async succeeds({ sample, victim, attacker }) {
      await signIn(sample, victim);
      const forged = packSession({ account: sample.alice, issuedAt: sample.mock.clock.now() });
      attacker.cookies.set("bb_session", Buffer.from(forged).toString("base64url"));
      return (await whoIs(attacker)) === sample.alice;
    },
  },
  {
    title: "a session cookie sealed with another secret",
    needs: "any secret opens a cookie",
    async succeeds({ sample, victim, attacker }) {
      await signIn(sample, victim);
      const forged = packSession({ account: sample.alice, issuedAt: sample.mock.clock.now() });
      const sealed = await sealCookie(forged, "known to everybody", "session");
      attacker.cookies.set("bb_session", sealed);
      return (await whoIs(attacker)) === sample.alice;
    },
  },
  {
    title: "a session cookie whose account was changed on the way",
    needs: "cookies are not sealed",
    async succeeds({ sample, victim, attacker }) {
      await signIn(sample, victim);
      await signIn(sample, attacker, { user: "mallory" });
      const bytes = Buffer.from(attacker.cookies.get("bb_session") ?? "", "base64url");
      const account = Buffer.from(sample.alice.replaceAll(/[{}-]/g, ""), "hex");
      // In the form that names no sign-in: when alice's was, the attacker does not know.
      const changed = Buffer.concat([Buffer.of(0), bytes.subarray(1, 7), account]);
      attacker.cookies.set("bb_session", changed.toString("base64url"));
      return (await whoIs(attacker)) === sample.alice;
    },
  },
  {
    title: "cookie tossing over http: the attacker's session before the victim's",
    needs: "of two cookies the first counts",
    async succeeds({ sample, victim, attacker }) {
      await signIn(sample, victim);
      await signIn(sample, attacker, { user: "mallory" });
      const [mine, theirs] = [attacker, victim].map(
        ({ cookies }) => `bb_session=${cookies.get("bb_session")}`,
      );
      victim.cookies.clear();
      const { body } = await victim.get("/private", { ...opensPage, Cookie: `${mine}; ${theirs}` });
      return typeof body.account === "string" && body.account !== sample.alice;
    },
  },
  {
    title: "cookie tossing from a subdomain: the attacker's session for a victim without one",
    needs: "cookies are not bound to the host",
    app: https,
    async succeeds({ sample, victim, attacker }) {
      await signIn(sample, attacker, { user: "mallory" });
      victim.cookies.set("bb_session", [...attacker.cookies.values()].join(""));
      return isMallory(victim, sample);
    },
  },
  {
    title: "cookie tossing from a subdomain: the attacker's attempt, then their callback",
    needs: "cookies are not bound to the host",
    app: https,
    async succeeds(stage) {
      const { pathname, search } = await attackersCallback(stage);
      for (const [name, value] of stage.attacker.cookies)
        stage.victim.cookies.set(name.replace("__Host-", ""), value);
      await stage.victim.get(pathname + search);
      return isMallory(stage.victim, stage.sample);
    },
  },
  {
    title: "a session cookie that was signed out",
    needs: "signing out only clears the cookie",
    async succeeds({ sample, victim, attacker }) {
      await signIn(sample, victim);
      for (const [name, value] of victim.cookies) attacker.cookies.set(name, value);
      await victim.post("/auth/bitbucket/logout", { Origin: "http://app.example", Host: "app.example" });
      return (await whoIs(attacker)) !== undefined;
    },
  },
  {
    title: "a session cookie that was signed out, after its owner has signed in again",
    needs: "sessions outlive a sign-out",
    async succeeds({ sample, victim, attacker }) {
      await signIn(sample, victim);
      for (const [name, value] of victim.cookies) attacker.cookies.set(name, value);
      await victim.post("/auth/bitbucket/logout", { Origin: "http://app.example", Host: "app.example" });
      await signIn(sample, victim);
      return (await whoIs(attacker)) !== undefined;
    },
  },
  {
    title: "a session cookie from 15 days ago",
    needs: "sessions do not age",
    async succeeds({ sample, victim }) {
      await signIn(sample, victim);
      await sample.mock.clock.advance("15d");
      return (await whoIs(victim)) !== undefined;
    },
  },
];
