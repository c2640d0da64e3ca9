import { isBitbucketAuthError } from "@bitbucket-auth/core";
import type { SimulatedProcess } from "./simulated-process.ts";
import { accessLifeMs, hourMs, type World } from "./world.ts";
import type { SignOuts } from "./sign-outs.ts";

/** What the processes of a world are asked to do, and what must hold of each answer. */
export interface Operations {
  /** Asks a process for something, and judges what came of it. */
  start(process: SimulatedProcess, kind: OperationKind, account: string): Promise<void>;
  /** How many answers are still awaited. */
  readonly awaited: number;
}

export type OperationKind =
  | "access token"
  | "tokens"
  | "rejected"
  | "impatient"
  | "sign in"
  | "sign out"
  | "keep alive"
  | "rekey"
  | "close";

export function createOperations(world: World, signOuts: SignOuts): Operations {
  const { events, ledger, mishaps } = world;
  const lastServed = new Map<string, string>();
  const isFair = mishaps.storageFails === 0 && mishaps.answerLost === 0 && mishaps.freezeMs === 0;
  let awaited = 0;
  const violation = (text: string): void => void ledger.violations.push(`${text} (at ${events.now} ms)`);

  const judgeAccessToken = (process: SimulatedProcess, account: string, token: string): void => {
    const pair = ledger.pairOf(token);
    if (pair?.account !== account) violation(`${account} was served a token of ${pair?.account ?? "nobody"}`);
    if (!ledger.wasStored(token) && !process.unsaved.has(account))
      violation(`${account} was served an access token that is neither stored nor known to be unsaved`);
    if (pair && isFair && mishaps.clockOffMs === 0 && pair.issuedAt + accessLifeMs <= events.now)
      violation(`${account} was served an expired access token`);
    lastServed.set(account, token);
  };

  const judgeRejection = (process: SimulatedProcess, kind: OperationKind, error: unknown): void => {
    if (error === "left") return;
    const code = isBitbucketAuthError(error) ? error.code : String(error);
    const expected = ["signed_out"];
    if (process.closing) expected.push("closed");
    if (kind === "rejected") expected.push("access_token_rejected");
    if (!isFair || mishaps.unsent > 0)
      expected.push("storage_failed", "token_request_failed", "refresh_contended", "token_response_invalid");
    if (!expected.includes(code)) violation(`${process.life.name}: "${kind}" rejected with ${code}`);
  };

  const perform = async (process: SimulatedProcess, kind: OperationKind, account: string): Promise<void> => {
    const { auth } = process;
    switch (kind) {
      case "access token":
      case "rejected": {
        const rejected = kind === "rejected" ? lastServed.get(account) : undefined;
        const judge = signOuts.asked(account, process);
        const token = await auth.getAccessToken(account, rejected === undefined ? undefined : { rejected });
        if (token === rejected) violation(`${account} was served the token it said was rejected`);
        judge();
        return judgeAccessToken(process, account, token);
      }
      case "tokens": {
        const judge = signOuts.asked(account, process);
        const { accessToken, refreshToken } = await auth.getTokens(account, { minValidityMs: 40 * 60_000 });
        if (refreshToken !== undefined && !ledger.wasStored(refreshToken))
          violation(`${account} was handed a refresh token that is not stored`);
        judge();
        return judgeAccessToken(process, account, accessToken);
      }
      case "impatient": {
        const leaving = new AbortController();
        const { signal } = leaving;
        void events.wait(process.life, events.between(1, 400)).then(() => leaving.abort("left"));
        return judgeAccessToken(process, account, await auth.getAccessToken(account, { signal }));
      }
      case "sign in": {
        const tokens = world.consent(account);
        const ended = signOuts.signInStarts(account);
        await auth
          .saveTokens(account, { ...tokens, expiresAt: process.now() + accessLifeMs, tokenType: "bearer" })
          .finally(ended);
        return;
      }
      case "sign out": {
        const ended = signOuts.starts(account, process);
        await auth.signOut(account);
        ended();
        return;
      }
      case "keep alive": {
        const { failures } = await auth.keepAlive({ olderThanMs: hourMs });
        for (const { error } of failures) judgeRejection(process, kind, error);
        return;
      }
      case "rekey":
        await auth.rekey();
        return;
      case "close": {
        process.closing = true;
        await auth.close();
        const calls = process.calls();
        if (process.holds() > 0) violation(`${process.life.name} holds ${process.holds()} after close()`);
        await events.wait(null, 5 * 60_000);
        if (process.calls() > calls) violation(`${process.life.name} went on after close()`);
      }
    }
  };

  return {
    get awaited() {
      return awaited;
    },
    async start(process, kind, account) {
      awaited++;
      world.note(`${process.life.name} ${kind} ${account}`);
      process.running++;
      const done = perform(process, kind, account).catch((error: unknown) =>
        judgeRejection(process, kind, error),
      );
      // A killed process answers nobody.
      const killed = new Promise<void>((resolve) => onDeath(process, resolve));
      await Promise.race([done, killed]);
      awaited--;
      process.running--;
    },
  };
}

const deaths = new WeakMap<SimulatedProcess, (() => void)[]>();

/** Frees those who wait for an answer of a process that is no more. */
export function buryProcess(process: SimulatedProcess): void {
  for (const free of deaths.get(process) ?? []) free();
}

function onDeath(process: SimulatedProcess, free: () => void): void {
  deaths.set(process, [...(deaths.get(process) ?? []), free]);
}
