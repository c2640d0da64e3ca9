import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import { createClient, type ClientName } from "./clients.ts";
import type { Connection, GetAccessToken, TokenPlace, Tokens } from "./client.ts";
import { tally, type CallsTally } from "./tally.ts";

/** What a worker can be asked to do. It answers with one `Answer`. */
export type Order =
  | { readonly do: "keep"; readonly connection: Connection }
  | { readonly do: "call"; readonly callers: number }
  | { readonly do: "refresh"; readonly connection: Connection };

export type Answer = { readonly done: CallsTally } | { readonly broken: string };

// A process in which one client works: it knows nothing of the measurement, and no other client's work delays it.
const [, , name] = process.argv;
const client = await createClient(name as ClientName);
let keeper: { readonly getAccessToken: GetAccessToken; readonly old: string } | undefined;

/** In a file when the connection names one, for all processes alike; else in memory. */
function placeOf({ accessToken, refreshToken, expiresAt, place }: Connection): TokenPlace {
  let kept: Tokens = { accessToken, refreshToken, expiresAt };
  const { file } = place;
  if (file === undefined) {
    return {
      load: async () => kept,
      async save(tokens) {
        kept = tokens;
      },
    };
  }
  return {
    load: async () => JSON.parse(await readFile(file, "utf8")) as Tokens,
    save: (tokens) => writeFile(file, JSON.stringify(tokens)),
  };
}

async function carryOut(order: Order): Promise<CallsTally> {
  if (order.do === "keep") {
    if (!client.keep) throw new Error(`${name} keeps no tokens.`);
    const { connection } = order;
    keeper = {
      getAccessToken: await client.keep(connection, placeOf(connection)),
      old: connection.accessToken,
    };
    return tally([], "");
  }
  if (order.do === "call") {
    if (!keeper) throw new Error("Nothing is kept yet.");
    const { getAccessToken, old } = keeper;
    return tally(
      await Promise.allSettled(Array.from({ length: order.callers }, () => getAccessToken())),
      old,
    );
  }
  const { refresh } = client;
  if (!refresh) throw new Error(`${name} sends no refresh.`);
  return tally(await Promise.allSettled([refresh(order.connection)]), order.connection.accessToken);
}

// An unhandled rejection of a client must not end the measurement.
process.on("unhandledRejection", () => undefined);
process.on("message", (order: Order) => {
  carryOut(order).then(
    (done) => process.send?.({ done } satisfies Answer),
    (error: unknown) => process.send?.({ broken: String(error) } satisfies Answer),
  );
});
process.send?.({ done: tally([], "") } satisfies Answer);
await once(process, "disconnect");
process.exit();
