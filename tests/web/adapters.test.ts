import type { BitbucketWeb } from "@bitbucket-auth/web";
import type { WebAnswer, WebRequest } from "@bitbucket-auth/web/adapter";
import { attacks } from "@bitbucket-auth/web-suite/attacks.js";
import { describe, expect, it } from "vitest";
import { frameworks, startApp } from "./apps.ts";

/**
 * What of the defence is an adapter's own, in every framework: to hand over every line of a header and not the one its framework
 * prefers, to tell the app's origin from what it listens at and not from what the page says, and to send every header of an
 * answer. An adapter that gets one of these wrong lets an attack of the table through, which is shown here.
 *
 * The rest has one proof each, in `packages/web/test/attacks.test.ts`: paths and targets are judged, bodies are counted and
 * cookies are opened by the code that all adapters share, on what they hand over unread.
 */
interface OwnPart {
  readonly title: string;
  /** The attack that gets through without it. */
  readonly attack: string;
  readonly request?: (request: WebRequest) => Partial<WebRequest>;
  readonly answer?: (answer: WebAnswer) => WebAnswer;
}

const ownParts: readonly OwnPart[] = [
  {
    title: "hands over every line of a header",
    attack: "cookie tossing over http: the attacker's session before the victim's",
    request: (request) => ({ header: (name) => request.header(name)?.split(/[,;]/, 1)[0] }),
  },
  {
    title: "knows the app's origin of itself",
    attack: "sign-out by a form on another site",
    request: (request) => ({ origin: () => request.header("origin") }),
  },
  {
    title: "sends every header of an answer",
    attack: "proxy: a page in a repository runs scripts in this app",
    answer: (answer) => {
      const sent = [...answer.headers].filter(([name]) => name !== "content-security-policy");
      return { ...answer, headers: new Map(sent) };
    },
  },
];

/** The sign-in as an adapter would use it that lacks one part. */
function without({ request: change, answer: strip }: OwnPart, bitbucket: BitbucketWeb): BitbucketWeb {
  const { flow } = bitbucket;
  return {
    ...bitbucket,
    flow: {
      ...flow,
      visit: (request) => flow.visit(change ? { ...copyOf(request), ...change(request) } : request),
      async handle(visit) {
        const answer = await flow.handle(visit);
        return answer && strip ? strip(answer) : answer;
      },
    },
  };
}

function copyOf(request: WebRequest): WebRequest {
  const { method, target, mount, secure, bodyUsed, native } = request;
  return {
    method,
    target,
    mount,
    secure,
    bodyUsed,
    native,
    origin: () => request.origin(),
    header: (name) => request.header(name),
    headers: () => request.headers(),
    body: () => request.body(),
    gone: () => request.gone(),
  };
}

describe.each(frameworks)("what an adapter has to do itself, on %s", (_name, build) => {
  it.each(ownParts)("$title, or an attack succeeds", async (part) => {
    const attack = attacks.find(({ title }) => title === part.attack);
    const succeeds = async (start: typeof build): Promise<unknown> => {
      const sample = await startApp(start, attack?.app);
      const [victim, attacker] = [sample.browser(), sample.browser()];
      return attack?.succeeds({ sample, sent: sample.sent, victim, attacker });
    };
    expect(await succeeds(build)).toBe(false);
    expect(await succeeds((bitbucket) => build(without(part, bitbucket)))).toBe(true);
  });
});
