import type { Life } from "./event-queue.ts";
import type { World } from "./world.ts";

/** The way to the fake Bitbucket from one process, and how often it was gone. */
export interface SimulatedNetwork {
  readonly fetch: typeof globalThis.fetch;
  readonly calls: number;
}

/** Requests take their time; answers may get lost after Bitbucket has redeemed. */
export function createSimulatedNetwork(world: World, life: Life): SimulatedNetwork {
  const { mock, events, ledger, mishaps, note } = world;
  let calls = 0;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    calls++;
    const form = new URLSearchParams(typeof init?.body === "string" ? init.body : "");
    const { signal: _, ...sent } = init ?? {};
    // What was sent arrives, even when its sender freezes or dies meanwhile.
    if (mishaps.freezeMs > 0 && events.random() < 0.1)
      life.frozenUntil = events.now + events.between(20_000, mishaps.freezeMs);
    await events.wait(null, events.between(20, 300));
    const chance = events.random();
    if (chance < mishaps.unsent / 2) throw broken("ECONNREFUSED");
    if (chance < mishaps.unsent) return new Response("busy", { status: 503 });
    // A `Date` header counts seconds: two redemptions of one token in one second are ordered by a guess.
    events.pass(1_000);
    const answer = await mock.fetch(input, sent);
    const text = await answer.text();
    const presented = form.get("refresh_token") ?? "";
    if (answer.ok) ledger.redeemed(presented, pairIn(text), events.now);
    else if (ledger.hasLostSibling(presented) || ledger.hasLostEveryAnswer(presented))
      world.isOrphaned = true;
    note(`${life.name} POST ${presented.slice(0, 6)} -> ${answer.status} ${text.slice(0, 90)}`);
    const lost = events.random() < mishaps.answerLost;
    if (lost) note(`${life.name} answer lost`);
    if (lost && events.random() < 0.5) await events.wait(life, 60_000);
    await events.wait(life, events.random() < 0.05 ? events.between(1_000, 4_000) : events.between(20, 300));
    if (lost) throw broken("ECONNRESET");
    if (answer.ok && !init?.signal?.aborted) ledger.delivered(pairIn(text).refreshToken);
    return new Response(text, { status: answer.status, headers: answer.headers });
  };
  return {
    fetch,
    get calls() {
      return calls;
    },
  };
}

function pairIn(text: string): { accessToken: string; refreshToken: string } {
  const { access_token, refresh_token } = JSON.parse(text) as { access_token: string; refresh_token: string };
  return { accessToken: access_token, refreshToken: refresh_token };
}

function broken(code: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
}
