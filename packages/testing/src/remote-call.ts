import { readFields, type JsonFields } from "./json-fields.js";

/** Sends one command to a served fake. Rejects with the fake's own words when it refuses. */
export type RemoteCall = (
  command: string,
  given?: Readonly<Record<string, unknown>>,
) => Promise<RemoteResult>;

/** The answer of a command, read as what it ought to be. */
export interface RemoteResult {
  fields(): JsonFields;
  list(): readonly JsonFields[];
}

export function createRemoteCall(url: string): RemoteCall {
  return async (command, given = {}) => {
    const response = await fetch(new URL(`/_mock/${command}`, url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(given),
    });
    const body: unknown = await response.json();
    const answer = readFields(body, "the answer of the fake");
    if (answer.has("error")) throw new Error(`The fake refuses ${command}: ${answer.string("error")}`);
    return {
      fields: () => answer.fields("result"),
      list: () => answer.list("result").map((item) => readFields(item, "an item")),
    };
  };
}
