// What the tests use of two clients that come without types.

declare module "simple-oauth2" {
  export interface AccessToken {
    readonly token: { readonly access_token: string; readonly refresh_token: string };
    expired(): boolean;
    refresh(): Promise<AccessToken>;
  }
  export class AuthorizationCode {
    constructor(config: {
      client: { id: string; secret: string };
      auth: { tokenHost: string; tokenPath: string; authorizePath?: string };
    });
    authorizeURL(params: { redirect_uri: string; state: string }): string;
    getToken(params: { code: string; redirect_uri: string }): Promise<AccessToken>;
    createToken(token: object): AccessToken;
  }
}

declare module "passport-oauth2" {
  export interface StrategyOptions {
    authorizationURL: string;
    tokenURL: string;
    clientID: string;
    clientSecret: string;
    callbackURL: string;
    customHeaders: Record<string, string>;
  }
  type Done = (error: Error | null, user?: object) => void;
  export default class OAuth2Strategy {
    constructor(
      options: StrategyOptions,
      verify: (accessToken: string, refreshToken: string, profile: object, done: Done) => void,
    );
    readonly _oauth2: {
      getOAuthAccessToken(
        code: string,
        params: Record<string, string>,
        done: (error: Error | null, accessToken: string, refreshToken: string) => void,
      ): void;
    };
    authenticate(request: object): void;
  }
}
