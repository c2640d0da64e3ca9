import type { BitbucketMock } from "../src/index.ts";

/** The Basic header of a consumer. */
export function basic(consumer: { clientId: string; clientSecret: string } | undefined): string {
  return `Basic ${btoa(`${consumer?.clientId}:${consumer?.clientSecret}`)}`;
}

/** Posts a form to the token endpoint of the fake, as its first consumer unless told otherwise. */
export function postToken(
  mock: BitbucketMock,
  form: Readonly<Record<string, string | undefined>>,
  headers: Readonly<Record<string, string>> = { authorization: basic(mock.consumers[0]) },
): Promise<Response> {
  const fields = Object.entries(form).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  return mock.fetch(mock.urls.token, { method: "POST", headers, body: new URLSearchParams(fields) });
}

/** Refreshes and answers the status and the body. */
export async function refresh(mock: BitbucketMock, refreshToken: string | undefined): Promise<TokenReply> {
  return reply(await postToken(mock, { grant_type: "refresh_token", refresh_token: refreshToken }));
}

/** Calls the API with a token. */
export function callApi(
  mock: BitbucketMock,
  path: string,
  accessToken: string | undefined,
): Promise<Response> {
  return mock.fetch(mock.urls.api + path, { headers: { authorization: `Bearer ${accessToken}` } });
}

export interface TokenReply {
  readonly status: number;
  readonly body: {
    readonly access_token?: string;
    readonly refresh_token?: string;
    readonly error?: string;
    readonly error_description?: string;
    readonly [member: string]: unknown;
  };
}

export async function reply(answer: Response): Promise<TokenReply> {
  return { status: answer.status, body: (await answer.json()) as TokenReply["body"] };
}
