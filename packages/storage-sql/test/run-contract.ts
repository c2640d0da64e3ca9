import { describeStorageContract } from "@bitbucket-auth/testing/storage-contract";
import { afterAll, afterEach, beforeEach, describe, it } from "vitest";
import { createSqlStorage, createTables, type SqlStorageOptions } from "../src/index.ts";
import type { OwnedClient } from "./clients.ts";

/** A client, and what else the storage over it is given. */
export type ContractClient = OwnedClient & { readonly options?: Partial<SqlStorageOptions> };

/** The cases of the contract assert for themselves. */
const register = it;

/**
 * Registers the contract over one client, with a second one for second handles. Each case has tables of its own. A case is given
 * up `timesSlower` later than elsewhere.
 */
export function runContract(
  name: string,
  connect: (handle: number) => Promise<ContractClient>,
  timesSlower = 1,
): void {
  const clients: Promise<ContractClient>[] = [];
  let cases = 0;
  const open = async (handle: number) => {
    const { client, options } = await (clients[handle] ??= connect(handle));
    const prefix = `${name.replaceAll(/\W/g, "_").toLowerCase()}_${cases}`;
    await createTables({ client, prefix });
    // Note: a deadline that no busy machine comes near.
    return createSqlStorage({ client, prefix, deadlineMs: 30_000, ...options });
  };
  describe(`over ${name}`, () => {
    afterAll(async () => {
      for (const { end } of new Set(await Promise.all(clients))) await end();
    });
    describeStorageContract("keeps the storage contract", {
      runner: {
        describe,
        it: (title, run, timeoutMs = 60_000) => register(title, run, timesSlower * timeoutMs),
        beforeEach,
        afterEach,
      },
      create() {
        cases += 1;
        return open(0);
      },
      reopen: () => open(1),
    });
  });
}
