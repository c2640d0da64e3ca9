const second = 1000;
const hour = 3_600 * second;
const day = 24 * hour;

/**
 * How the fake Bitbucket behaves where Bitbucket changed, differs between consumers, or is not known.
 *
 * "Unverified" marks what is not settled outside Atlassian: test against both values. Names in `Ms` are milliseconds of the
 * fake's clock, lengths are characters.
 */
export interface Profile {
  /** `rotating`: each use gives a new one. `fixed-and-omitted`: fixed, and a refresh does not repeat it in its answer. */
  readonly refreshTokens: "rotating" | "fixed" | "fixed-and-omitted";
  /** How long a used refresh token is still taken. Unverified: about ten minutes, or none. */
  readonly leewayMs: number;
  /** Whether the leeway saves every used token or only the one used last. Unverified. */
  readonly leewayCovers: "any-used" | "previous-only";
  /** Which tokens stay valid when one refresh token was used twice inside the leeway. Unverified. */
  readonly siblings: "all-live" | "last-live";
  /** What a used refresh token does after its leeway. Unverified: seen to be refused, feared to kill the family. */
  readonly reuse: "reject" | "revoke-family";
  /** How long the consumer is refused after a dead refresh token was sent; 0 for not at all. */
  readonly lockoutMs: number;
  /** What the lockout refuses. Seen for refreshes; unverified for the other grants. */
  readonly lockoutCovers: "refresh" | "every-grant";
  /** Whether an access token dies when the refresh token issued with it is past its leeway. Unverified. */
  readonly companionRevoked: boolean;
  /** How long an unused refresh token lives; `null`: forever. */
  readonly idleLifeMs: number | null;
  readonly accessTokenLifeMs: number;
  readonly codeLifeMs: number;
  /** The OAuth error that answers a dead refresh token. */
  readonly deadRefreshToken: "unauthorized_client" | "invalid_grant" | "invalid_request";
  readonly scopeField: "scope" | "scopes" | "none";
  readonly tokenTypeField: "present" | "absent";
  /** Whether a token answer has a `state` member, which echoes the grant type. */
  readonly stateEcho: boolean;
  readonly clientCredentials: "app-user" | "owner-with-refresh-token";
  readonly accessTokenLength: number;
  readonly refreshTokenLength: number;
  /** `?access_token=` and a form's `access_token` on API requests. */
  readonly tokenInQuery: "refused" | "accepted";
  /** Whether `client_id` and `client_secret` in the form are taken when there is no Basic header. Seen to be, though not by all. */
  readonly bodyCredentials: boolean;
  /** `prefix` is the rule the documentation states; probes in 2026 met `exact`. */
  readonly redirectUri: "exact" | "prefix";
  /** Whether the port of a loopback callback may vary (RFC 8252 section 7.3). Unverified. */
  readonly loopbackPort: "any" | "exact";
  /** Whether a wrong code verifier is refused. Unverified; the parameters are taken either way. */
  readonly pkce: "verified" | "ignored";
  readonly implicitGrant: boolean;
  readonly passwordGrant: boolean;
  /** Whether pages of other origins may read the API. Documented; which headers exactly is unverified. */
  readonly apiCors: boolean;
  /** `/site/oauth2/revoke` is not documented; the fake answers it only when asked to. */
  readonly revokeEndpoint: boolean;
  /** Whether the API takes an API token as Bearer. Unverified: reports contradict; Basic with the e-mail is documented. */
  readonly apiTokenAsBearer: "refused" | "accepted";
  /** App passwords, which were removed on 2026-07-28. */
  readonly appPasswords: "removed" | "accepted";
  /** What Git is answered for an app password since then. Unverified: both have been reported. */
  readonly appPasswordGitStatus: 410 | 401;
  /** How `/2.0/user` refuses access tokens of repositories, projects and workspaces. Unverified. */
  readonly accessTokenAtUser: 403 | 401;
}

/** The dialects that come ready-made. */
export type ProfileName = "cloud-2026" | "cloud-legacy" | "strict";

/** A dialect with some knobs turned. `base` is where the others come from, `cloud-2026` when absent. */
export type ProfileOverrides = Partial<Profile> & { readonly base?: ProfileName };

const cloud2026: Profile = {
  refreshTokens: "rotating",
  leewayMs: 600 * second,
  leewayCovers: "any-used",
  siblings: "all-live",
  reuse: "reject",
  lockoutMs: 60 * second,
  lockoutCovers: "refresh",
  companionRevoked: true,
  idleLifeMs: 90 * day,
  accessTokenLifeMs: 2 * hour,
  codeLifeMs: 600 * second,
  deadRefreshToken: "unauthorized_client",
  scopeField: "scope",
  tokenTypeField: "present",
  stateEcho: true,
  clientCredentials: "app-user",
  accessTokenLength: 2_600,
  refreshTokenLength: 2_600,
  tokenInQuery: "refused",
  bodyCredentials: true,
  redirectUri: "exact",
  loopbackPort: "any",
  pkce: "verified",
  implicitGrant: false,
  passwordGrant: false,
  apiCors: true,
  revokeEndpoint: false,
  apiTokenAsBearer: "refused",
  appPasswords: "removed",
  appPasswordGitStatus: 410,
  accessTokenAtUser: 403,
};

/**
 * The ready-made dialects. `cloud-2026` is Bitbucket since CHANGE-3052, `cloud-legacy` is Bitbucket before it, and
 * `strict` is the first without mercy: no leeway, and reuse kills the family. A client that survives `strict` survives all.
 */
export const profiles: Readonly<Record<ProfileName, Profile>> = {
  "cloud-2026": cloud2026,
  "cloud-legacy": {
    ...cloud2026,
    refreshTokens: "fixed",
    leewayMs: 0,
    lockoutMs: 0,
    companionRevoked: false,
    idleLifeMs: null,
    deadRefreshToken: "invalid_request",
    scopeField: "scopes",
    clientCredentials: "owner-with-refresh-token",
    accessTokenLength: 140,
    refreshTokenLength: 18,
    tokenInQuery: "accepted",
    redirectUri: "prefix",
    pkce: "ignored",
    implicitGrant: true,
    passwordGrant: true,
    appPasswords: "accepted",
  },
  strict: { ...cloud2026, leewayMs: 0, reuse: "revoke-family" },
};

/** Whether a text names a ready-made dialect. */
export function isProfileName(name: string): name is ProfileName {
  return Object.hasOwn(profiles, name);
}

/** The whole profile behind a name or a set of overrides. Throws where the name stands for none. */
export function resolveProfile(profile: ProfileName | ProfileOverrides = "cloud-2026"): Profile {
  if (typeof profile === "string") return profileOf(profile);
  const { base = "cloud-2026", ...overrides } = profile;
  const unknown = Object.keys(overrides).find((knob) => !Object.hasOwn(cloud2026, knob));
  if (unknown !== undefined)
    throw new TypeError(`A profile has no knob ${unknown}. Known are ${Object.keys(cloud2026).join(", ")}.`);
  return { ...profileOf(base), ...overrides };
}

function profileOf(name: string): Profile {
  if (isProfileName(name)) return profiles[name];
  throw new TypeError(`There is no profile ${name}. Known are ${Object.keys(profiles).join(", ")}.`);
}
