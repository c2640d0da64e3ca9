import type { PlainTokens } from "@bitbucket-auth/core";
import type { GrantSummary } from "./grant-summary.js";
import type { JsonFields } from "./json-fields.js";
import type { RemoteCall } from "./remote-call.js";

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

export function createRemoteGrantControl(call: RemoteCall, id: string): RemoteGrantControl {
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

export function readGrantSummary(fields: JsonFields): GrantSummary {
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
