import type { BitbucketMock, MockSnapshot } from "./bitbucket-mock.js";
import type { FaultHandle } from "./faults.js";
import type { Gate } from "./gates.js";
import type { GrantControl } from "./grant-control.js";
import type { JsonFields } from "./json-fields.js";
import type { AuthorizeOptions } from "./sign-in.js";
import { readFault, readMatcher } from "./wire-faults.js";

/** What another process can ask of a fake, by name. Answers are JSON. */
export type ControlCommand = (given: JsonFields) => unknown;

/** The commands over one fake. Faults, gates and snapshots stay here; the other side holds numbers for them. */
export function createControlCommands(mock: BitbucketMock): ReadonlyMap<string, ControlCommand> {
  const faults: FaultHandle[] = [];
  const gates: Gate[] = [];
  const snapshots: MockSnapshot[] = [];
  const grantOf = (given: JsonFields): GrantControl => mock.grant(given.string("grant"));

  return new Map<string, ControlCommand>([
    ["urls", () => mock.urls],
    ["consumers", () => mock.consumers],
    ["users", () => mock.users],
    ["authorize", (given) => mock.authorize(readAuthorize(given))],
    ["deny", (given) => ({ redirect: mock.deny(readAuthorize(given)) })],
    ["issue-grant", (given) => mock.issueGrant(readAuthorize(given))],
    [
      "connect-jwt",
      async (given) => ({
        jwt: await mock.connectJwt(given.optional("consumer", (of) => of.string("consumer"))),
      }),
    ],
    ["leaks", (given) => ({ leaks: mock.leaks(given.string("text")) })],
    ["grants", () => mock.grants],
    ["grant", (given) => grantOf(given)],
    ["grant.expire-access-token", (given) => grantOf(given).expireAccessToken()],
    ["grant.expire-refresh-token", (given) => grantOf(given).expireRefreshToken()],
    ["grant.revoke", (given) => grantOf(given).revoke()],
    ["grant.revoke-family", (given) => grantOf(given).revokeFamily()],
    ["grant.rotate-elsewhere", (given) => grantOf(given).rotateElsewhere()],
    ["clock", () => ({ now: mock.clock.now() })],
    ["clock.advance", (given) => mock.clock.advance(given.number("ms"))],
    ["clock.set", (given) => mock.clock.set(given.number("time"))],
    [
      "faults.when",
      (given) => {
        const times = given.optional("times", (of) => of.number("times"));
        const options = times === undefined ? {} : { times };
        return {
          fault:
            faults.push(mock.faults.when(readMatcher(given), readFault(given.fields("fault")), options)) - 1,
        };
      },
    ],
    ["faults.hits", (given) => ({ hits: held(faults, given, "fault").hits() })],
    ["faults.remove", (given) => held(faults, given, "fault").remove()],
    ["faults.clear", () => mock.faults.clear()],
    [
      "gates.hold",
      (given) => {
        const phase = given.oneOf("phase", ["before-commit", "after-commit"]);
        return { gate: gates.push(mock.gates.hold(readMatcher(given), phase)) - 1 };
      },
    ],
    [
      "gates.arrived",
      (given) => held(gates, given, "gate").arrived(given.optional("count", (of) => of.number("count"))),
    ],
    [
      "gates.release",
      (given) => held(gates, given, "gate").release(given.optional("count", (of) => of.number("count"))),
    ],
    ["requests", () => mock.requests.all],
    ["requests.count", (given) => ({ count: mock.requests.count(readMatcher(given)) })],
    [
      "requests.wait-for",
      (given) =>
        mock.requests.waitFor(readMatcher(given), {
          count: given.number("count"),
          timeoutMs: given.number("timeoutMs"),
        }),
    ],
    ["reuse-count", () => ({ count: mock.reuseCount })],
    ["violations", () => mock.violations],
    ["auto-approve", (given) => void (mock.autoApprove = readAutoApprove(given))],
    ["reset", () => mock.reset()],
    ["snapshot", () => ({ snapshot: snapshots.push(mock.snapshot()) - 1 })],
    ["restore", (given) => mock.restore(held(snapshots, given, "snapshot"))],
  ]);
}

function held<Item>(items: readonly Item[], given: JsonFields, name: string): Item {
  const item = items[given.number(name)];
  if (item === undefined) throw new Error(`There is no such ${name}`);
  return item;
}

function readAutoApprove(given: JsonFields): string | boolean {
  return typeof given.raw("user") === "string" ? given.string("user") : given.boolean("user");
}

function readAuthorize(given: JsonFields): AuthorizeOptions {
  const names = ["consumer", "user", "url", "state"].filter((name) => given.has(name));
  const scope = given.optional("scope", (of) => of.strings("scope"));
  return {
    ...Object.fromEntries(names.map((name) => [name, given.string(name)])),
    ...(scope !== undefined && { scope }),
  };
}
