import { InvalidOptionsError } from "@bitbucket-auth/core";

/** How a page is registered with the authorization server, by the names on the wire. */
export interface ClientConfig {
  readonly client_id: string;
  /** The page that is called back, as registered. */
  readonly redirect_uri?: string | undefined;
  /** Instead of `redirect_uri`; the first one is used. */
  readonly redirect_uris?: readonly string[] | undefined;
  /** Space-separated. Bitbucket ignores it: its scopes are set on the consumer. */
  readonly scope?: string | undefined;
}

/** A `ClientConfig` that was checked. */
export interface ValidClientConfig extends ClientConfig {
  readonly redirect_uris: readonly string[];
  readonly scope: string;
}

/** Completes a configuration. Throws `InvalidOptionsError` for one that no server could know. */
export function readClientConfig(client: ClientConfig): ValidClientConfig {
  const { client_id, redirect_uri = "", scope = "" } = client;
  const redirect_uris = [client.redirect_uris ?? redirect_uri].flat();
  const areText = client_id && [client_id, scope].every((text) => typeof text === "string");
  if (areText && redirect_uris[0] && redirect_uris.every((uri) => URL.canParse(uri) && !/#/.test(uri)))
    return { ...client, redirect_uris, scope };
  throw new InvalidOptionsError("client needs client_id and a redirect_uri without #.");
}
