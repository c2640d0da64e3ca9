import { clientTitles, type ClientName } from "../clients.ts";
import { startFakeBitbucket } from "../fake-bitbucket.ts";
import { withWorker } from "../start-worker.ts";
import type { Table } from "../../results/table.ts";
import { goodAnswer, malformedAnswers } from "./malformed-answers.ts";
import { startOtherHost } from "./other-host.ts";
import { refreshers } from "./refreshers.ts";
import { titles } from "./titles.ts";

/** Answers to a refresh that make no sense, and one that does. */
export async function measureMalformed(): Promise<Table> {
  const rows: string[][] = [];
  for (const name of refreshers) {
    const { rejected, accepted, control } = await tryAll(name);
    rows.push([clientTitles[name], String(rejected), accepted.join(", "), control ? "taken" : "refused"]);
  }
  return {
    title: titles.malformed,
    method:
      "26 answers with something wrong in them and one in good order. Taken means: the refresh resolved, and what it resolved with " +
      "could be read.",
    columns: ["Library", "Refused, of 26", "Taken", "The good one"],
    rows,
    reading:
      "What is taken here is stored, and fails later, far from the cause: a token that is a number, one that lives for " +
      "ever, none at all. Ours takes an answer without `token_type` " +
      "[on purpose](../docs/decisions/0003-absent-token-type.md), and [reads `null` as absent](../docs/decisions/0089-null-is-absent-in-a-token-response.md): to refuse it would throw away the only tokens that work.",
  };
}

async function tryAll(
  name: ClientName,
): Promise<{ readonly rejected: number; readonly accepted: string[]; readonly control: boolean }> {
  const fake = await startFakeBitbucket();
  const elsewhere = await startOtherHost();
  try {
    return await withWorker(name, async (worker) => {
      const connection = fake.connection("expired");
      const isTaken = async (answer: object): Promise<boolean> => {
        const fault = fake.mock.faults.when("token", { answer });
        const { failures } = await worker.ask({ do: "refresh", connection });
        fault.remove();
        return Object.keys(failures).length === 0;
      };
      const accepted: string[] = [];
      const answers = Object.entries(malformedAnswers(elsewhere.url));
      for (const [title, answer] of answers) if (await isTaken(answer)) accepted.push(title);
      return { rejected: answers.length - accepted.length, accepted, control: await isTaken(goodAnswer) };
    });
  } finally {
    await elsewhere.close();
    await fake.close();
  }
}
