import { bitbucketCloud } from "../bitbucket-endpoints.js";
import type { Clock } from "../clock.js";
import { basicAuthorization, type ConsumerCredentials } from "../token-endpoint/consumer-credentials.js";
import { type GrantType, readTokenAnswer } from "../token-endpoint/token-answer.js";
import { sendTokenRequest } from "../token-endpoint/token-request.js";
import type { TokenResponse } from "../token-endpoint/token-response.js";

/** The fields of a form as they go over the wire. */
export type TokenRequestForm = Readonly<Record<string, string>> & { readonly grant_type: GrantType };

/** What every grant takes, whoever asks. */
export interface TokenEndpointOptions {
  /** `https:`, or `http:` to a loopback host. @default bitbucketCloud.tokenUrl */
  readonly tokenUrl?: string | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Bounds the whole request, its answer included. @default 10_000 */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What every grant takes that an OAuth consumer asks for. */
export interface GrantOptions extends ConsumerCredentials, TokenEndpointOptions {}

/** Sends a grant as the consumer; resolves with a checked response or rejects with what the answer means. */
export function requestAsConsumer(form: TokenRequestForm, options: GrantOptions): Promise<TokenResponse> {
  return requestTokens(form, basicAuthorization(options), options);
}

/** Sends a grant under any `Authorization`; resolves with a checked response or rejects with what the answer means. */
export async function requestTokens(
  form: TokenRequestForm,
  authorization: string,
  { tokenUrl = bitbucketCloud.tokenUrl, fetch, timeoutMs, clock, signal }: TokenEndpointOptions,
): Promise<TokenResponse> {
  const wire = await sendTokenRequest(form, { tokenUrl, authorization, fetch, timeoutMs, clock, signal });
  const answer = readTokenAnswer(wire, form.grant_type);
  if (answer.kind !== "tokens") throw answer.error;
  return answer.response;
}
