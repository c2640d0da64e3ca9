import { toResponse } from "../fake/answers.js";
import { credentialKinds, credentialNames, type CredentialOptions } from "../fake/credentials.js";
import type { FaultHandle } from "../fake/faults.js";
import type { Gate } from "../fake/gates.js";
import type { BitbucketMock, MockSnapshot } from "../fake/mock.js";
import { assertNames } from "../fake/names.js";
import type { GrantControl } from "../fake/oauth/grants.js";
import type { AuthorizeOptions } from "../fake/oauth/sign-in.js";
import { inspectorPage } from "./inspector-page.js";
import { messageOf, readFields, type JsonFields } from "./json-fields.js";
import { readFault, readMatcher } from "./wire.js";

/** Everything below this path is the fake's own; Bitbucket has nothing there. */
export const controlPath = "/_mock";

/**
 * The inspector at `GET /_mock`, and the control API: `POST /_mock/<command>` with a JSON object, answered with `{ "result": … }` or `{ "error": "…" }`.
 *
 * Only `application/json` is taken, so that no page in a browser can drive a fake by posting a form at it.
 */
export function createControlApi(mock: BitbucketMock): (request: Request) => Promise<Response> {
  const commands = createControlCommands(mock);
  return async (request) => {
    const url = new URL(request.url);
    if (url.pathname === controlPath && request.method === "GET")
      return toResponse(inspectorPage(mock, url.searchParams.has("live")), mock.clock.now());
    const name = url.pathname.slice(controlPath.length + 1);
    const command = commands.get(name);
    if (command === undefined)
      return Response.json({ error: `There is no command ${name}` }, { status: 404 });
    if (request.method !== "POST" || !/^application\/json\b/.test(request.headers.get("content-type") ?? ""))
      return Response.json({ error: "Send POST with a JSON object" }, { status: 415 });
    try {
      const given: unknown = await request.json();
      const result: unknown = await command(readFields(given, "the request"));
      return Response.json({ result: result ?? null });
    } catch (error) {
      return Response.json({ error: messageOf(error) }, { status: 400 });
    }
  };
}

/** What another process can ask of a fake, by name. Answers are JSON. */
export type ControlCommand = (given: JsonFields) => unknown;

/** The commands over one fake. Faults, gates and snapshots stay here; the other side holds numbers for them. */
function createControlCommands(mock: BitbucketMock): ReadonlyMap<string, ControlCommand> {
  const faults: FaultHandle[] = [];
  const gates: Gate[] = [];
  const snapshots: MockSnapshot[] = [];
  const grantOf = (given: JsonFields): GrantControl => mock.grant(given.string("grant"));

  return new Map<string, ControlCommand>([
    ["urls", () => mock.urls],
    ["consumers", () => mock.consumers],
    ["users", () => mock.users],
    ["authorize", (given) => mock.authorize(readAuthorize(given, "authorize()"))],
    ["deny", (given) => ({ redirect: mock.deny(readAuthorize(given, "deny()")) })],
    ["issue-grant", (given) => mock.issueGrant(readAuthorize(given, "issueGrant()"))],
    [
      "connect-jwt",
      async (given) => ({
        jwt: await mock.connectJwt(given.optional("consumer", (of) => of.string("consumer"))),
      }),
    ],
    ["issue-credential", (given) => mock.issueCredential(readCredentialOptions(given))],
    ["revoke-credential", (given) => mock.revokeCredential(given.string("token"))],
    [
      "route",
      (given) =>
        mock.route(
          given.string("method"),
          given.string("path"),
          Object.fromEntries(given.fields("body").entries),
        ),
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

function readCredentialOptions(given: JsonFields): CredentialOptions {
  assertNames(Object.fromEntries(given.entries), "issueCredential()", credentialNames);
  const names = ["user", "workspace", "project", "repository"].filter((name) => given.has(name));
  const scopes = given.optional("scopes", (of) => of.strings("scopes"));
  const lifeMs = given.optional("lifeMs", (of) => of.number("lifeMs"));
  return {
    kind: given.oneOf("kind", credentialKinds),
    ...Object.fromEntries(names.map((name) => [name, given.string(name)])),
    ...(scopes !== undefined && { scopes }),
    ...(lifeMs !== undefined && { lifeMs }),
  };
}

function readAuthorize(given: JsonFields, what: string): AuthorizeOptions {
  assertNames(Object.fromEntries(given.entries), what, ["consumer", "user", "url", "state", "scope"]);
  const names = ["consumer", "user", "url", "state"].filter((name) => given.has(name));
  const scope = given.optional("scope", (of) => of.strings("scope"));
  return {
    ...Object.fromEntries(names.map((name) => [name, given.string(name)])),
    ...(scope !== undefined && { scope }),
  };
}
