import { createBitbucketMock, type BitbucketMock } from "@bitbucket-auth/testing";
import { startBitbucketMock, type BitbucketMockServer } from "@bitbucket-auth/testing/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasRedisServer, startRedisServer, type RedisServer } from "../storm/redis-server.ts";
import { startAppProcess, type AppProcess, type WorkerSettings } from "./app-process.ts";
import { roundRobin, type RoundRobin } from "./round-robin.ts";

const twoHoursMs = 2 * 3_600_000 + 60_000;
const page = "/whoami";
/** The machine may be busy; nothing here depends on how long it takes. */
const patienceMs = 180_000;

let redis: RedisServer;
let fake: BitbucketMockServer;
let processes: AppProcess[];
let settings: WorkerSettings;

/** Registers what two processes promise, with so many users at once. */
export function describeTwoProcesses(people: number): void {
  describe.runIf(hasRedisServer)("two processes of the app on one Redis", () => {
    beforeEach(async () => {
      redis = await startRedisServer();
      const baseUrl = "http://app.example";
      fake = await startBitbucketMock(
        createBitbucketMock({
          users: Array.from({ length: people }, (_, index) => ({ username: `user-${index}` })),
          consumers: [{ callbackUrl: `${baseUrl}/auth/bitbucket/callback` }],
        }),
      );
      const [consumer] = fake.mock.consumers;
      if (!consumer) throw new Error("The fake has no consumer.");
      const { authorize, token, api } = fake.urls;
      settings = {
        redisSocket: redis.path,
        cookieSecret: "the same secret in both processes",
        baseUrl,
        consumer: {
          clientId: consumer.clientId,
          clientSecret: consumer.clientSecret,
          endpoints: { authorizationUrl: authorize, tokenUrl: token, apiUrl: api },
        },
      };
      processes = await Promise.all([startAppProcess(settings), startAppProcess(settings)]);
    });
    afterEach(async () => {
      await Promise.all(processes.map((each) => each.kill()));
      await fake.close();
      await redis.stop();
    });

    it(
      `serve ${people} users whose tokens expire again and again: no request fails, one refresh each`,
      async () => {
        const balancer = roundRobin(processes.map(({ origin }) => origin));
        const cookies = await signEverybodyIn(balancer, fake.mock);
        const perRound: number[] = [];
        for (let round = 0; round < 3; round++) {
          await passTwoHours();
          const before = refreshes();
          expect(await visit(balancer, cookies, 4)).toEqual({ 200: 4 * people });
          perRound.push(refreshes() - before);
        }
        expect(perRound).toEqual([people, people, people]);
        expect(fake.mock.reuseCount).toBe(0);
        expect(fake.mock.violations).toEqual([]);
      },
      patienceMs,
    );

    it(
      "lose no session when one of them is killed while tokens are being refreshed",
      async () => {
        const balancer = roundRobin(processes.map(({ origin }) => origin));
        const cookies = await signEverybodyIn(balancer, fake.mock);
        await passTwoHours();
        const before = refreshes();
        const visits = visit(balancer, cookies, 4);
        await fake.mock.requests.waitFor("token:refresh_token", { count: people / 4, timeoutMs: 30_000 });
        await processes[0]?.kill();

        expect(await visits).toEqual({ 200: 4 * people });
        expect(balancer.passedOver).toBeGreaterThan(0);
        expect(fake.mock.reuseCount).toBe(0);
        // What the killed process had sent and not saved is sent once more; nothing else is.
        const sent = fake.mock.requests.token("refresh_token").slice(before);
        const again = sent.length - new Set(sent.map(({ grantId }) => grantId)).size;
        expect(sent.length - again).toBe(people);
        expect(again).toBeLessThanOrEqual(people / 4);
        const { length } = sent;
        expect(await visit(balancer, cookies, 1)).toEqual({ 200: people });
        expect(refreshes() - before).toBe(length);
      },
      patienceMs,
    );
  });
}

function refreshes(): number {
  return fake.mock.requests.token("refresh_token").length;
}

async function passTwoHours(): Promise<void> {
  await fake.mock.clock.advance(twoHoursMs);
  await Promise.all(processes.map((each) => each.advance(twoHoursMs)));
}

/** Each starts at one process and comes back to the other. Answers their session cookies. */
async function signEverybodyIn(balancer: RoundRobin, mock: BitbucketMock): Promise<string[]> {
  return inTurns(
    mock.users.map(({ username }) => username),
    mock.users.length,
    async (user) => {
      const login = await balancer.get("/auth/bitbucket");
      const { redirect } = mock.authorize({ url: login.headers.get("location") ?? "", user });
      const callback = await balancer.get(redirect.pathname + redirect.search, cookieOf(login));
      return cookieOf(callback);
    },
  );
}

/** Every user opens the page `times` times at once; answers how often which status came. */
async function visit(
  balancer: RoundRobin,
  cookies: readonly string[],
  times: number,
): Promise<Record<number, number>> {
  const visits = cookies.flatMap((cookie) => Array.from({ length: times }, () => cookie));
  const counts: Record<number, number> = {};
  await inTurns(visits, cookies.length, async (cookie) => {
    const { status } = await balancer.get(page, cookie);
    counts[status] = (counts[status] ?? 0) + 1;
  });
  return counts;
}

/** At most 64 at once, and no more than there are users: their pages are asked for by fours, so a quarter of them is refreshed at once. */
async function inTurns<Item, Result>(
  items: readonly Item[],
  users: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  await Promise.all(
    Array.from({ length: Math.min(64, users) }, async () => {
      for (const [index, item] of queue) results[index] = await work(item);
    }),
  );
  return results;
}

/** The cookies an answer sets, without those it deletes. */
function cookieOf(response: Response): string {
  const lines = response.headers.getSetCookie().filter((line) => !line.includes("Max-Age=0"));
  return lines.map((line) => line.split(";", 1)[0]).join("; ");
}
