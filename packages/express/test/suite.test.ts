import session from "express-session";
import { behaviours } from "@bitbucket-auth/web-suite/behaviour.js";
import { afterEach, describe, expect, it, vi } from "vitest";
import { attacks } from "@bitbucket-auth/web-suite/attacks.js";
import { type Attack, type Stage, whoIs } from "@bitbucket-auth/web-suite/attacks/attack.js";
import { ExpressRequest } from "../src/express-flow.js";
import type * as expressSession from "../src/express-session.js";
import { expresses, sampleApp, signIn, type SampleAppOptions } from "./sample-app.js";

function stageFor({ app }: Pick<Attack, "app">, options: SampleAppOptions): Stage {
  const sample = sampleApp({ ...options, ...app });
  return { sample, sent: sample.sent, victim: sample.browser(), attacker: sample.browser() };
}

const withServerSession: SampleAppOptions = {
  prepare(app) {
    app.use(session({ secret: "a secret", resave: false, saveUninitialized: true }));
  },
};

/** The one attack that only an app with `express-session` has to fear: the victim signs in on an id that the attacker knows. */
async function fixationSucceeds({ sample, victim, attacker }: Stage): Promise<boolean> {
  await attacker.get("/");
  victim.cookies.set("connect.sid", attacker.cookies.get("connect.sid") ?? "");
  await signIn(sample, victim);
  return (await whoIs(attacker)) === sample.alice;
}

describe.each(expresses)("the suite of every adapter on %s", (_name, express) => {
  it.each(attacks)("blocks: $title", async (attack) => {
    expect(await attack.succeeds(stageFor(attack, { express }))).toBe(false);
  });

  it.each(behaviours)("$title", async ({ app, run }) => {
    await expect(run(sampleApp({ express, ...app }))).resolves.toBeUndefined();
  });

  it("blocks: session fixation by an id that the attacker knows", async () => {
    expect(await fixationSucceeds(stageFor({}, { express, ...withServerSession }))).toBe(false);
  });
});

/** As `tests/web/adapters.test.ts` shows of the other frameworks: what of the defence is the adapter's own. */
describe("what the adapter has to do itself", () => {
  afterEach(() => void vi.restoreAllMocks());

  const weaken = {
    header: () =>
      vi.spyOn(ExpressRequest.prototype, "header").mockImplementation(function (this: ExpressRequest, name) {
        return [this.exchange.req.headers[name]].flat()[0]?.split(/[,;]/, 1)[0];
      }),
    origin: () =>
      vi.spyOn(ExpressRequest.prototype, "origin").mockImplementation(function (this: ExpressRequest) {
        return this.header("origin");
      }),
  };

  it.each([
    ["header", "cookie tossing over http: the attacker's session before the victim's"],
    ["origin", "sign-out by a form on another site"],
  ] as const)("is %s() of a request, or an attack succeeds: %s", async (part, title) => {
    const [attack] = attacks.filter((known) => known.title === title);
    const succeeds = async (): Promise<unknown> => attack?.succeeds(stageFor(attack, {}));
    expect(await succeeds()).toBe(false);
    weaken[part]();
    expect(await succeeds()).toBe(true);
  });
});

describe("session fixation", () => {
  afterEach(() => {
    vi.doUnmock("../src/express-session.js");
    vi.resetModules();
  });

  it("is an attack: it succeeds when the session id stays", async () => {
    vi.resetModules();
    vi.doMock("../src/express-session.js", async (load) => {
      const original = await load<typeof expressSession>();
      const { exchangeOf } = await import("../src/express-flow.js");
      const createExpressSession: typeof original.createExpressSession = (options) => ({
        ...original.createExpressSession(options),
        open: async (request, _answer, opened) =>
          void Object.assign(Reflect.get(exchangeOf(request).req, "session"), { bitbucketAuth: opened }),
      });
      return { ...original, createExpressSession };
    });
    const { sampleApp: weakApp } = await import("./sample-app.js");
    const sample = weakApp(withServerSession);
    const stage = { sample, sent: sample.sent, victim: sample.browser(), attacker: sample.browser() };
    expect(await fixationSucceeds(stage)).toBe(true);
  });
});
