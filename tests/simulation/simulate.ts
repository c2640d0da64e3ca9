import { isBitbucketAuthError } from "@bitbucket-auth/core";
import { buryProcess, createOperations, type OperationKind } from "./operations.ts";
import { seedCrypto } from "./seeded-crypto.ts";
import { createSignOuts } from "./sign-outs.ts";
import { startProcess, type SimulatedProcess } from "./simulated-process.ts";
import { createWorld, hourMs, type SimulationOptions, type World } from "./world.ts";

/** What came of one simulated world. */
export interface Simulation {
  /** What must never happen and did. */
  readonly violations: readonly string[];
  readonly redemptions: number;
  /** What no client can prevent: the answer that killed the stored tokens reached nobody. The violations mean nothing then. */
  readonly isOrphaned: boolean;
  /** How many events there were, and when the last one was: the same for the same seed. */
  readonly trace: string;
  readonly notes: readonly string[];
}

const accounts = ["alice", "bob"] as const;
const processes = 3;
const mostEvents = 60_000;

/** Lets a few processes share a storage, ask for tokens, sign in and out, break and end, in an order that the seed decides. */
export async function simulate(seed: number, options: SimulationOptions): Promise<Simulation> {
  const unseed = seedCrypto(seed);
  const world = createWorld(seed, options);
  const { events, ledger, mock } = world;
  const uninstall = events.install();
  let happened = 0;
  let isOver = false;
  try {
    const story = tell(world, options.operations ?? 40).finally(() => (isOver = true));
    while (!isOver && happened < mostEvents && (await events.next())) happened++;
    if (!isOver) ledger.violations.push(`it does not end: ${happened} events, ${events.now} ms`);
    else await story;
    if (mock.reuseCount > 0) ledger.violations.push(`${mock.reuseCount} refresh tokens were presented again`);
  } finally {
    uninstall();
    unseed();
  }
  const { violations, redemptions } = ledger;
  const { isOrphaned, notes } = world;
  return { violations, redemptions, isOrphaned, notes, trace: `${happened} ${events.now}` };
}

const fairKinds: readonly OperationKind[] = [
  ...Array<OperationKind>(8).fill("access token"),
  ...Array<OperationKind>(4).fill("tokens"),
  ...Array<OperationKind>(3).fill("rejected"),
  "impatient",
  "impatient",
  "sign in",
  "sign out",
  "keep alive",
  "rekey",
];

async function tell(world: World, operations: number): Promise<void> {
  const { events, mishaps, ledger } = world;
  const signOuts = createSignOuts(events, ledger, mishaps.storageFails > 0);
  const asked = createOperations(world, signOuts);
  let born = 0;
  const start = (): SimulatedProcess => startProcess(world, `process ${++born}`);
  const alive = Array.from({ length: processes }, start);
  const all = [...alive];
  const pick = <T>(from: readonly T[]): T => {
    const picked = from.at(events.between(0, from.length - 1));
    if (picked === undefined) throw new Error("There is nothing to pick from.");
    return picked;
  };
  const replace = (old: SimulatedProcess): void => {
    const fresh = start();
    all.push(fresh);
    alive[alive.indexOf(old)] = fresh;
  };
  const ask = (process: SimulatedProcess, kind: OperationKind, account: string): void =>
    void events.as(process.life, () => asked.start(process, kind, account));
  const isUnsaved = ({ life, unsaved }: SimulatedProcess): boolean =>
    !life.dead && accounts.some((account) => unsaved.has(account) && ledger.current(account) !== null);
  const isUnsettled = (): boolean =>
    accounts.some((account) => ledger.current(account)?.isPending) || all.some(isUnsaved);

  const isFrozen = (): boolean => alive.some(({ life }) => life.frozenUntil > events.now);
  // Whoever has a refresh cut short is used again soon, or the leeway is over: that is the client's part of the deal.
  const settle = async (): Promise<void> => {
    // Quiet for a minute or so: what goes on in the background is over then as well.
    for (let look = 0, quiet = 0; look < 150 && quiet < 4; look++) {
      await events.wait(null, events.between(5_000, 25_000));
      quiet = isUnsettled() || asked.awaited > 0 || isFrozen() ? 0 : quiet + 1;
      if (isUnsettled()) for (const account of accounts) ask(pick(alive), "access token", account);
    }
    if (asked.awaited > 0) ledger.violations.push(`${asked.awaited} calls are not answered`);
  };

  for (const account of accounts) ask(pick(alive), "sign in", account);
  await events.wait(null, 10_000);
  for (let operation = 0; operation < operations; operation++) {
    const process = pick(alive);
    const chance = events.random();
    if (mishaps.closes && chance < 0.05) {
      ask(process, "close", "");
      replace(process);
    } else if (mishaps.kills && chance < 0.08 && process.unsaved.size === 0) {
      world.note(`${process.life.name} is killed`);
      events.kill(process.life);
      buryProcess(process);
      replace(process);
    } else if (mishaps.freezeMs > 0 && chance < 0.16) {
      world.note(`${process.life.name} freezes`);
      process.life.frozenUntil = events.now + events.between(1_000, mishaps.freezeMs);
    } else if (mishaps.outageMs > 0 && chance < 0.22 && events.now > world.weather.outageUntil + 60_000) {
      world.note("outage");
      world.weather.outageUntil = events.now + events.between(500, mishaps.outageMs);
    } else {
      const kind = pick(fairKinds);
      const account = pick(accounts);
      const isTurn = kind === "sign in" || kind === "sign out";
      // The turn of a grant is watched closely by the process that makes it.
      if (isTurn) ask(process, pick(["access token", "tokens"]), account);
      if (isTurn) await events.wait(null, events.between(0, 400));
      ask(process, kind, account);
      for (let look = 0; isTurn && look < 3; look++) {
        await events.wait(null, events.between(0, 800));
        ask(process, "access token", account);
      }
    }
    if (events.random() < 0.8) {
      await events.wait(null, events.random() < 0.75 ? events.between(0, 200) : events.between(200, 60_000));
      continue;
    }
    await settle();
    await events.wait(null, events.between(10 * 60_000, 3 * hourMs));
  }
  world.weather.outageUntil = 0;
  await settle();
  await end(world, { alive, ask, isOut: signOuts.isOut, awaited: () => asked.awaited });
}

interface Cast {
  readonly alive: readonly SimulatedProcess[];
  readonly ask: (process: SimulatedProcess, kind: OperationKind, account: string) => void;
  readonly isOut: (account: string) => boolean;
  readonly awaited: () => number;
}

/** Everybody is answered, a process that knows nothing gets a token for whoever is signed in, and what was closed is still. */
async function end(world: World, { alive, ask, isOut, awaited }: Cast): Promise<void> {
  const { events, ledger } = world;
  await events.wait(null, 3 * hourMs);
  const heir = startProcess(world, "heir");
  for (const account of accounts) {
    const code = await outcome(world, heir, account);
    const stored = ledger.current(account);
    if (stored === undefined) continue;
    const expected = stored === null ? "signed_out" : "a token";
    if (code !== expected)
      ledger.violations.push(`in the end ${account} gets ${code} instead of ${expected}`);
    if (isOut(account) && stored !== null)
      ledger.violations.push(`${account} is signed out and stored all the same`);
  }
  for (const process of [...alive, heir]) ask(process, "close", "");
  for (let minutes = 0; awaited() > 0 && minutes < 30; minutes++) await events.wait(null, 60_000);
  if (awaited() > 0) ledger.violations.push(`${awaited()} close() never ended`);
}

async function outcome({ events }: World, heir: SimulatedProcess, account: string): Promise<string> {
  let code = "";
  for (let attempt = 0; attempt < 8 && code !== "a token" && code !== "signed_out"; attempt++) {
    code = await events
      .as(heir.life, () => heir.auth.getAccessToken(account))
      .then(
        () => "a token",
        (error: unknown) => (isBitbucketAuthError(error) ? error.code : String(error)),
      );
    await events.wait(null, 90_000);
  }
  return code;
}
