// What the clients beside this file use of packages that are no dependencies of the workspace.

declare module "rival:@badgateway/oauth2-client" {
  interface Token {
    accessToken: string;
    refreshToken: string;
    expiresAt: number;
  }
  export class OAuth2Client {
    constructor(options: {
      clientId: string;
      clientSecret: string;
      tokenEndpoint: string;
      authenticationMethod: "client_secret_basic";
    });
    refreshToken(token: Token): Promise<Token>;
  }
  export class OAuth2Fetch {
    constructor(options: {
      client: OAuth2Client;
      getNewToken(): never;
      getStoredToken(): Promise<Token>;
      storeToken(token: Token): void;
    });
    getAccessToken(): Promise<string>;
  }
}

declare module "rival:oauth4webapi" {
  interface Server {
    issuer: string;
    token_endpoint: string;
  }
  interface Consumer {
    client_id: string;
  }
  export const allowInsecureRequests: unique symbol;
  export function ClientSecretBasic(secret: string): () => void;
  export function refreshTokenGrantRequest(
    server: Server,
    client: Consumer,
    authentication: () => void,
    refreshToken: string,
    options: { [allowInsecureRequests]: true },
  ): Promise<Response>;
  export function processRefreshTokenResponse(
    server: Server,
    client: Consumer,
    response: Response,
  ): Promise<{ access_token: string }>;
}

declare module "rival:openid-client" {
  export class Configuration {
    constructor(
      server: { issuer: string; token_endpoint: string },
      clientId: string,
      clientSecret: string,
      authentication: () => void,
    );
    serverMetadata(): object;
  }
  export function ClientSecretBasic(secret: string): () => void;
  export function allowInsecureRequests(config: Configuration): void;
  export function refreshTokenGrant(
    config: Configuration,
    refreshToken: string,
  ): Promise<{ access_token: string }>;
}

declare module "rival:arctic" {
  export class OAuth2Client {
    constructor(clientId: string, clientSecret: string, redirectUri: string | null);
    refreshAccessToken(
      tokenEndpoint: string,
      refreshToken: string,
      scopes: string[],
    ): Promise<{ accessToken(): string; refreshToken(): string; accessTokenExpiresAt(): Date }>;
  }
}

declare module "rival:@octokit/request" {
  export interface Request {
    defaults(options: { baseUrl: string }): Request;
  }
  export const request: Request;
}

declare module "rival:@octokit/auth-oauth-user" {
  import type { Request } from "rival:@octokit/request";
  interface Authentication {
    token: string;
    refreshToken: string;
    expiresAt: string;
  }
  export function createOAuthUserAuth(
    options: Authentication & {
      clientType: "github-app";
      clientId: string;
      clientSecret: string;
      refreshTokenExpiresAt: string;
      request: Request;
      onTokenCreated(created: Authentication): Promise<void> | undefined;
    },
  ): (options?: { type: "refresh" }) => Promise<Authentication>;
}

declare module "rival:@slack/oauth" {
  export interface Installation {
    team: { id: string };
    enterprise: undefined;
    user: { id: string; token: undefined; scopes: undefined };
    bot: {
      id: string;
      userId: string;
      scopes: string[];
      token: string;
      refreshToken: string;
      expiresAt: number;
    };
    appId: string;
    authVersion: "v2";
  }
  export enum LogLevel {
    ERROR = "error",
  }
  export class InstallProvider {
    constructor(options: {
      clientId: string;
      clientSecret: string;
      stateSecret: string;
      installationStore: {
        fetchInstallation(): Promise<Installation>;
        storeInstallation(installation: Installation): Promise<void>;
      };
      logLevel: LogLevel;
      clientOptions: { slackApiUrl: string };
    });
    authorize(query: {
      teamId: string;
      enterpriseId: undefined;
      isEnterpriseInstall: false;
    }): Promise<{ botToken: string }>;
  }
}

declare module "rival:google-auth-library" {
  interface Credentials {
    access_token: string;
    refresh_token: string;
    expiry_date: number;
  }
  export enum ClientAuthentication {
    ClientSecretPost = "ClientSecretPost",
  }
  export class OAuth2Client {
    constructor(options: {
      clientId: string;
      clientSecret: string;
      endpoints: { oauth2TokenUrl: string };
      clientAuthentication: ClientAuthentication;
    });
    setCredentials(credentials: Credentials): void;
    on(
      event: "tokens",
      listener: (tokens: Omit<Credentials, "refresh_token"> & { refresh_token?: string }) => void,
    ): void;
    getAccessToken(): Promise<{ token: string }>;
    refreshAccessToken(): Promise<{ credentials: Credentials }>;
  }
}

declare module "rival:simple-oauth2" {
  export interface AccessToken {
    readonly token: {
      readonly access_token: string;
      readonly refresh_token: string;
      readonly expires_at: string;
    };
    expired(): boolean;
    refresh(): Promise<AccessToken>;
  }
  export class AuthorizationCode {
    constructor(config: {
      client: { id: string; secret: string };
      auth: { tokenHost: string; tokenPath: string };
    });
    createToken(token: { access_token: string; refresh_token: string; expires_at: Date }): AccessToken;
  }
}

declare module "rival:client-oauth2" {
  export default class ClientOAuth2 {
    constructor(options: { clientId: string; clientSecret: string; accessTokenUri: string });
    createToken(
      accessToken: string,
      refreshToken: string,
      type: "bearer",
      data: object,
    ): { refresh(): Promise<{ accessToken: string }> };
  }
}

declare module "rival:@smithy/core/config" {
  export function memoize<T>(
    provider: () => Promise<T>,
    isExpired: (resolved: T) => boolean,
    requiresRefresh: (resolved: T) => boolean,
  ): () => Promise<T>;
}
