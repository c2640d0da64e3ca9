import type { Ledger } from "./ledger.ts";
import type { EventQueue } from "./event-queue.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** Remembers who signed out when, and judges whom a token is served to afterwards. */
export interface SignOuts {
  /** A sign-in begins; answers how to say that it has ended. */
  signInStarts(account: string): () => void;
  /** A sign-out begins; answers how to say that it succeeded. */
  starts(account: string, process: SimulatedProcess): () => void;
  /** Somebody asks for a token; answers how to say that one was served. */
  asked(account: string, process: SimulatedProcess): () => void;
  /** Whether the account is signed out for good: nobody began to sign in since. */
  isOut(account: string): boolean;
}

interface SignOut {
  readonly process: SimulatedProcess;
  readonly signIns: number;
  readonly at: number;
}

/** A token read before the sign-out may be remembered for this long, and its way from the storage counts. */
const cacheMs = 60_000 + 5_000;

export function createSignOuts(events: EventQueue, ledger: Ledger, storageMayFail: boolean): SignOuts {
  const signIns = new Map<string, number>();
  const open = new Map<string, number>();
  const outs = new Map<string, SignOut>();
  const countOf = (counts: Map<string, number>, account: string): number => counts.get(account) ?? 0;
  const isOut = (account: string): boolean =>
    outs.get(account)?.signIns === countOf(signIns, account) && outs.has(account);

  return {
    isOut,
    signInStarts(account) {
      signIns.set(account, countOf(signIns, account) + 1);
      open.set(account, countOf(open, account) + 1);
      return () => void open.set(account, countOf(open, account) - 1);
    },
    starts(account, process) {
      const before = countOf(signIns, account);
      const disturbed = countOf(open, account) > 0;
      return () => {
        // A sign-in at the same time may come out after it.
        if (!disturbed && countOf(signIns, account) === before)
          outs.set(account, { process, signIns: before, at: events.now });
      };
    },
    asked(account, process) {
      const out = isOut(account) ? outs.get(account) : undefined;
      const askedAt = events.now;
      return () => {
        if (!out || storageMayFail || countOf(signIns, account) !== out.signIns) return;
        if (out.process === process)
          ledger.violations.push(`${process.life.name} served ${account}, whom it had signed out itself`);
        else if (askedAt > out.at + cacheMs)
          ledger.violations.push(`${process.life.name} served ${account} long after the sign-out`);
      };
    },
  };
}
