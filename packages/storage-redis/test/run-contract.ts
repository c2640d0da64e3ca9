import { describeStorageContract } from "@bitbucket-auth/testing/storage-contract";
import { openInProcess } from "@bitbucket-auth/testing/storm";
import { afterAll, afterEach, beforeEach, describe, it } from "vitest";
import type { OwnedClient } from "./clients.ts";
import { patientStorage } from "./patient-storage.ts";

const runner = { describe, it, beforeEach, afterEach };

/** The contract over one client, over a second one for second handles, and over one in another process where a port is given. Each case has a prefix of its own. */
export function runContract(name: string, connect: () => Promise<OwnedClient>, port?: () => number): void {
  const clients: Promise<OwnedClient>[] = [];
  let cases = 0;
  const open = async (index: number) => {
    const { client } = await (clients[index] ??= connect());
    return patientStorage({ client, prefix: `${name} ${cases}`, watch: true });
  };
  describe(`over ${name}`, () => {
    afterAll(async () => {
      for (const owned of await Promise.all(clients)) owned.end();
    });
    describeStorageContract("keeps the storage contract", {
      runner,
      create() {
        cases += 1;
        return open(0);
      },
      reopen: () => open(1),
      ...(port && {
        reopenInProcess: () =>
          openInProcess(
            new URL("./open-in-process.ts", import.meta.url),
            JSON.stringify({ port: port(), prefix: `${name} ${cases}` }),
          ),
      }),
    });
  });
}
