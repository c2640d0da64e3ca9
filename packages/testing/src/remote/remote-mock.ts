import type { PlainTokens } from "@bitbucket-auth/core";
import { spanMs, type TimeSpan } from "../fake/clock.js";
import { credentialKinds, type CredentialOptions } from "../fake/credentials.js";
import { checkedFault, type Fault } from "../fake/faults.js";
import type { GatePhase } from "../fake/gates.js";
import { assertNames } from "../fake/names.js";
import type { GrantSummary } from "../fake/oauth/grants.js";
import type { Authorization, AuthorizeOptions, Grant } from "../fake/oauth/sign-in.js";
import type { MockUrls, Op } from "../fake/operation.js";
import type { Violation } from "../fake/request-log.js";
import { completeConsumer, completeUser, type Consumer, type User } from "../fake/seed.js";
import type { Credential } from "../fake/state.js";
import { type JsonFields, createRemoteCall, type RemoteCall } from "./json-fields.js";
import { createRemoteRequests, readViolation, type RemoteRequests, type WireMatcher } from "./wire.js";
import { readConsumer, readUser } from "./seed-file.js";

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
  issueCredential(options: CredentialOptions & { readonly user?: string }): Promise<Credential>;
  revokeCredential(token: string): Promise<void>;
  /** Adds an endpoint with a fixed JSON body: a function does not cross a connection. */
  route(method: string, path: string, body: Readonly<Record<string, unknown>>): Promise<void>;
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
  /** Who grants at once; `false`: none. */
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
    assertNames(options ?? {}, "faults.when()", ["times"]);
    const arranged = await ask("faults.when", { matcher, fault: checkedFault(fault), ...options });
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
    issueCredential: async (options) => readCredential(await ask("issue-credential", { ...options })),
    revokeCredential: (token) => tell("revoke-credential", { token }),
    route: (method, path, body) => tell("route", { method, path, body }),
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

function readCredential(fields: JsonFields): Credential {
  const apiUsername = fields.optional("apiUsername", (of) => of.string("apiUsername"));
  const expiresAt = fields.optional("expiresAt", (of) => of.number("expiresAt"));
  return {
    kind: fields.oneOf("kind", credentialKinds),
    token: fields.string("token"),
    scopes: fields.strings("scopes"),
    authorization: fields.string("authorization"),
    gitUsername: fields.string("gitUsername"),
    ...(apiUsername !== undefined && { apiUsername }),
    ...(expiresAt !== undefined && { expiresAt }),
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

/** `GrantControl` from another process: the same names, and everything is a promise. */
export interface RemoteGrantControl {
  readonly id: string;
  expireAccessToken(): Promise<void>;
  expireRefreshToken(): Promise<void>;
  revoke(): Promise<void>;
  revokeFamily(): Promise<void>;
  rotateElsewhere(): Promise<PlainTokens>;
  /** The grant as it is now. */
  look(): Promise<RemoteGrantState>;
}

/** What a grant holds at the moment it is asked. */
export interface RemoteGrantState {
  readonly tokens: PlainTokens;
  readonly generation: number;
  readonly reuseCount: number;
  readonly live: boolean;
}

function createRemoteGrantControl(call: RemoteCall, id: string): RemoteGrantControl {
  const tell = async (action: string): Promise<void> => void (await call(`grant.${action}`, { grant: id }));
  return {
    id,
    expireAccessToken: () => tell("expire-access-token"),
    expireRefreshToken: () => tell("expire-refresh-token"),
    revoke: () => tell("revoke"),
    revokeFamily: () => tell("revoke-family"),
    async rotateElsewhere() {
      const answer = await call("grant.rotate-elsewhere", { grant: id });
      return readTokens(answer.fields());
    },
    async look() {
      const answer = await call("grant", { grant: id });
      const grant = answer.fields();
      return {
        tokens: readTokens(grant.fields("tokens")),
        generation: grant.number("generation"),
        reuseCount: grant.number("reuseCount"),
        live: grant.boolean("live"),
      };
    },
  };
}

function readGrantSummary(fields: JsonFields): GrantSummary {
  return {
    id: fields.string("id"),
    clientId: fields.string("clientId"),
    username: fields.optional("username", (of) => of.string("username")) ?? null,
    scopes: fields.strings("scopes"),
    generation: fields.number("generation"),
    reuseCount: fields.number("reuseCount"),
    live: fields.boolean("live"),
  };
}

/** Tokens as they cross processes. */
export function readTokens(fields: JsonFields): PlainTokens {
  const refreshToken = fields.optional("refreshToken", (of) => of.string("refreshToken"));
  return {
    accessToken: fields.string("accessToken"),
    ...(refreshToken !== undefined && { refreshToken }),
    expiresAt: fields.number("expiresAt"),
    scopes: fields.strings("scopes"),
    tokenType: "bearer",
  };
}
