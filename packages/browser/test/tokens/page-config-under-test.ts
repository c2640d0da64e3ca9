import type { PageTokenConfig } from "../../src/tokens/page-token-config.ts";
import { createFakeTokenEndpoint, tokens, type SentRequest } from "../fake-token-endpoint.ts";

export const now = 1_800_000_000_000;
export const fresh = { accessToken: "access-1", refreshToken: "refresh-1", expiresAt: now + 7_200_000 };
export const expired = { accessToken: "access-1", refreshToken: "refresh-1", expiresAt: now - 1 };

/** A place that tabs share, as `localStorage` is: what is kept there is text. */
export interface SharedPlace {
  text: string | undefined;
}

export interface PageConfigUnderTest {
  readonly config: PageTokenConfig;
  readonly requests: readonly SentRequest[];
  readonly kept: () => Record<string, unknown> | undefined;
  readonly place: SharedPlace;
  readonly clock: { now(): number; advance(ms: number): void };
  /** The same grant in another tab, or after a reload: functions of its own over the same place. */
  anotherTab(): PageTokenConfig;
}

/** A config as a page has it: two functions over one place, a consumer, canned answers. */
export function createPageConfigUnderTest(
  stored: object | undefined,
  answers: readonly (Response | Error)[] = [tokens(2)],
  overrides: Partial<PageTokenConfig> = {},
): PageConfigUnderTest {
  const { fetch, requests } = createFakeTokenEndpoint(...answers);
  const place: SharedPlace = { text: stored && JSON.stringify(stored) };
  const kept = (): Record<string, unknown> | undefined =>
    place.text === undefined ? undefined : (JSON.parse(place.text) as Record<string, unknown>);
  let time = now;
  const clock = { now: () => time, advance: (ms: number) => void (time += ms) };
  const tab = (): PageTokenConfig => ({
    consumerKey: "consumer-key",
    consumerSecret: "consumer-secret",
    loadConfig: () => kept(),
    saveConfig: (config) => void (place.text = JSON.stringify(config)),
    fetch,
    clock,
    logging: false,
    ...overrides,
  });
  return { config: tab(), requests, kept, place, clock, anotherTab: tab };
}

export function grantsOf(requests: readonly SentRequest[]): (string | null)[] {
  return requests.map(({ form }) => form.get("grant_type"));
}

/** What a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`resolved with ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}
