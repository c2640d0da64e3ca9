import type { StormClient } from "./storm-client.js";

/** What became of one caller. */
export type CallOutcome = { readonly account: string; readonly ms: number } & (
  | { readonly token: string }
  | { readonly code: string; readonly reason?: string }
);

/** Lets that many callers ask for each account, all at once, and waits for the last. */
export async function callClients(
  client: StormClient,
  accounts: readonly string[],
  callers: number,
): Promise<CallOutcome[]> {
  const everybody = accounts.flatMap((account) => Array.from({ length: callers }, () => account));
  return Promise.all(everybody.map((account) => callOnce(client, account)));
}

async function callOnce(client: StormClient, account: string): Promise<CallOutcome> {
  const startedAt = performance.now();
  const elapsedMs = (): number => Math.round(performance.now() - startedAt);
  try {
    const token = await client.getAccessToken(account);
    return { account, token, ms: elapsedMs() };
  } catch (error) {
    return { account, ...labelOf(error), ms: elapsedMs() };
  }
}

/** An error by its code and reason. Its message stays here: another client's may hold anything. */
function labelOf(error: unknown): { readonly code: string; readonly reason?: string } {
  if (!(error instanceof Error)) return { code: typeof error };
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return "reason" in error && typeof error.reason === "string" ? { code, reason: error.reason } : { code };
}
