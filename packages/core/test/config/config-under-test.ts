import type { TokenConfig } from "../../src/config/get-tokens.ts";
import {
  type CannedAnswer,
  createFakeFetch,
  type FakeRequest,
  jsonResponse,
  tokenBody,
} from "../fake-fetch.ts";

export const now = 1_800_000_000_000;

export interface ConfigUnderTest {
  readonly config: TokenConfig;
  readonly requests: readonly FakeRequest[];
  /** What was kept last. */
  readonly kept: () => Record<string, unknown> | undefined;
}

/** A config as a script has it: two functions over one object, a consumer, canned answers, a clock that stands still. */
export function createConfigUnderTest(
  stored: Record<string, unknown> | undefined,
  answers: readonly [CannedAnswer, ...CannedAnswer[]] = [tokens(2)],
  overrides: Partial<TokenConfig> = {},
): ConfigUnderTest {
  const { fetch, requests } = createFakeFetch(...answers);
  let kept = stored;
  return {
    requests,
    kept: () => kept,
    config: {
      consumerKey: "consumer-key",
      consumerSecret: "consumer-secret",
      loadConfig: () => kept,
      saveConfig: (config) => void (kept = config),
      fetch,
      clock: { now: () => now },
      logging: false,
      ...overrides,
    },
  };
}

/** The nth answer of the token endpoint. */
export function tokens(n: number, overrides: Readonly<Record<string, unknown>> = {}): Response {
  return jsonResponse(
    tokenBody({ access_token: `access-${n}`, refresh_token: `refresh-${n}`, ...overrides }),
  );
}

/** A refusal of the token endpoint. */
export function refusal(error: string, status = 400): Response {
  return jsonResponse({ error, error_description: `because of ${error}` }, { status });
}

export function grantsOf(requests: readonly FakeRequest[]): (string | null)[] {
  return requests.map(({ form }) => form.get("grant_type"));
}

export const fresh = { accessToken: "access-1", refreshToken: "refresh-1", expiresAt: now + 7_200_000 };
export const expired = { accessToken: "access-1", refreshToken: "refresh-1", expiresAt: now - 1 };
