import type { Fault } from "./faults.js";
import type { GatePhase } from "./gates.js";
import type { JsonFields } from "./json-fields.js";
import { spanMs, type TimeSpan } from "./mock-clock.js";
import { createRemoteCall } from "./remote-call.js";
import type { GrantSummary } from "./grant-summary.js";
import {
  createRemoteGrantControl,
  readGrantSummary,
  readTokens,
  type RemoteGrantControl,
} from "./remote-grant-control.js";
import { createRemoteRequests, readViolation, type RemoteRequests } from "./remote-requests.js";
import type { Violation } from "./request-log.js";
import { completeConsumer, completeUser, type Consumer, type User } from "./seed.js";
import { readConsumer, readUser } from "./seed-file.js";
import type { MockUrls } from "./served-origins.js";
import type { Authorization, AuthorizeOptions, Grant } from "./sign-in.js";
import type { Op } from "./operation.js";
import type { WireMatcher } from "./wire-faults.js";

/**
 * A fake in another process, by the names of `BitbucketMock`. Everything answers with a promise, because everything
 * crosses a connection; matchers are data, because a function cannot. There is no `fetch`: the global one reaches `urls`.
 */
export interface RemoteBitbucketMock {
  readonly urls: MockUrls;
  consumers(): Promise<readonly Consumer[]>;
  users(): Promise<readonly User[]>;
  authorize(options?: RemoteAuthorizeOptions): Promise<Authorization>;
  deny(options?: RemoteAuthorizeOptions): Promise<URL>;
  issueGrant(options?: {
    readonly consumer?: string;
    readonly user?: string;
    readonly scope?: readonly string[];
  }): Promise<Grant>;
  connectJwt(consumer?: string): Promise<string>;
  /** Names the tokens, codes, verifiers and secrets that are in a text, as they are or in base64. */
  leaks(text: string): Promise<readonly string[]>;
  /** By the grant's id, or by any of its tokens. */
  grant(ref: string | Pick<Grant, "id">): RemoteGrantControl;
  grants(): Promise<readonly GrantSummary[]>;
  readonly clock: {
    now(): Promise<number>;
    advance(span: number | TimeSpan): Promise<void>;
    set(time: number | Date): Promise<void>;
  };
  readonly faults: {
    next(op: Op, fault: Fault, times?: number): Promise<void>;
    when(matcher: WireMatcher, fault: Fault, options?: { readonly times?: number }): Promise<RemoteFault>;
    clear(): Promise<void>;
  };
  readonly gates: { hold(matcher: WireMatcher, phase: GatePhase): Promise<RemoteGate> };
  readonly requests: RemoteRequests;
  reuseCount(): Promise<number>;
  violations(): Promise<readonly Violation[]>;
  /** Who grants at once; `false` for nobody. */
  autoApprove(user: string | boolean): Promise<void>;
  reset(): Promise<void>;
  /** Keeps the state over there and answers what restores it. */
  snapshot(): Promise<{ restore(): Promise<void> }>;
}

/** `AuthorizeOptions`, with everything by its name. */
export type RemoteAuthorizeOptions = {
  readonly [Name in Exclude<keyof AuthorizeOptions, "scope">]?: string;
} & Pick<AuthorizeOptions, "scope">;

/** `FaultHandle` from another process. */
export interface RemoteFault {
  hits(): Promise<number>;
  remove(): Promise<void>;
}

/** `Gate` from another process. */
export interface RemoteGate {
  arrived(count?: number): Promise<void>;
  release(count?: number): Promise<void>;
}

/** Takes control of a fake that another process serves at `url`. Rejects when nothing answers there. */
export async function connectBitbucketMock(url: string): Promise<RemoteBitbucketMock> {
  const call = createRemoteCall(url);
  const tell = async (command: string, given?: Readonly<Record<string, unknown>>): Promise<void> =>
    void (await call(command, given));
  const ask = async (command: string, given?: Readonly<Record<string, unknown>>): Promise<JsonFields> => {
    const answer = await call(command, given);
    return answer.fields();
  };
  const when = async (
    matcher: WireMatcher,
    fault: Fault,
    options?: { readonly times?: number },
  ): Promise<RemoteFault> => {
    const arranged = await ask("faults.when", { matcher, fault, ...options });
    const handle = { fault: arranged.number("fault") };
    return {
      hits: async () => (await ask("faults.hits", handle)).number("hits"),
      remove: () => tell("faults.remove", handle),
    };
  };
  const urls = await ask("urls");

  return {
    urls: { authorize: urls.string("authorize"), token: urls.string("token"), api: urls.string("api") },
    async consumers() {
      const answer = await call("consumers");
      return answer.list().map((fields) => completeConsumer(readConsumer(fields)));
    },
    async users() {
      const answer = await call("users");
      return answer.list().map((fields) => completeUser(readUser(fields)));
    },
    async authorize(options) {
      const answer = await ask("authorize", options);
      return { code: answer.string("code"), redirect: new URL(answer.string("redirect")) };
    },
    deny: async (options) => new URL((await ask("deny", options)).string("redirect")),
    issueGrant: async (options) => readGrant(await ask("issue-grant", options)),
    connectJwt: async (consumer) => (await ask("connect-jwt", { consumer })).string("jwt"),
    leaks: async (text) => (await ask("leaks", { text })).strings("leaks"),
    grant: (ref) => createRemoteGrantControl(call, typeof ref === "string" ? ref : ref.id),
    async grants() {
      const answer = await call("grants");
      return answer.list().map(readGrantSummary);
    },
    clock: {
      now: async () => (await ask("clock")).number("now"),
      advance: (span) => tell("clock.advance", { ms: spanMs(span) }),
      set: (time) => tell("clock.set", { time: Number(time) }),
    },
    faults: {
      when,
      next: async (op, fault, times = 1) => void (await when(op, fault, { times })),
      clear: () => tell("faults.clear"),
    },
    gates: {
      async hold(matcher, phase) {
        const answer = await ask("gates.hold", { matcher, phase });
        const gate = answer.number("gate");
        return {
          arrived: (count = 1) => tell("gates.arrived", { gate, count }),
          release: (count) => tell("gates.release", { gate, count }),
        };
      },
    },
    requests: createRemoteRequests(call),
    reuseCount: async () => (await ask("reuse-count")).number("count"),
    async violations() {
      const answer = await call("violations");
      return answer.list().map(readViolation);
    },
    autoApprove: (user) => tell("auto-approve", { user }),
    reset: () => tell("reset"),
    async snapshot() {
      const answer = await ask("snapshot");
      const snapshot = answer.number("snapshot");
      return { restore: () => tell("restore", { snapshot }) };
    },
  };
}

function readGrant(fields: JsonFields): Grant {
  const options = fields.fields("clientOptions");
  const endpoints = options.fields("endpoints");
  return {
    id: fields.string("id"),
    username: fields.string("username"),
    tokens: readTokens(fields.fields("tokens")),
    clientOptions: {
      clientId: options.string("clientId"),
      clientSecret: options.string("clientSecret"),
      endpoints: {
        authorizationUrl: endpoints.string("authorizationUrl"),
        tokenUrl: endpoints.string("tokenUrl"),
        apiUrl: endpoints.string("apiUrl"),
      },
    },
  };
}
