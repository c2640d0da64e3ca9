import { describe } from "vitest";
import { d1 } from "./clients.ts";
import { type ContractClient, runContract } from "./run-contract.ts";

// A call of the emulator takes some 10 ms, several times that on a busy machine, and some cases make more than a thousand.
describe("createSqlStorage() on D1", () => {
  let shared: Promise<ContractClient> | undefined;
  // A list of more than one page is written at once: the last of these calls waits for all others.
  const connect = async (): Promise<ContractClient> => ({
    ...(await d1()),
    options: { deadlineMs: 300_000 },
  });
  // Note: an emulator has one database, so that both handles are one binding.
  runContract("the binding", () => (shared ??= connect()), 10);
});
