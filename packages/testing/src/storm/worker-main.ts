import process from "node:process";
import { messageOf, readFields, type JsonFields } from "../remote/json-fields.js";
import { readTokens } from "../remote/remote-mock.js";
import { endWithParent } from "./child-process.js";
import { loadClient, type StormClient, stormPoints, type StormPoint } from "./storm-client.js";
import { callClients, judgeCalls, noAnswers, type StormAnswers } from "./storm-tally.js";

// The process of one client: obeys the orders of its parent, reports where it stands, ends with its parent.
let offsetMs = 0;
let catchAt: StormPoint | undefined;
let goOn: () => void = () => undefined;
let unhandledRejections = 0;
let counts: Record<string, number> = {};
let client: StormClient | undefined;
let apiUrl = "";

process.on("unhandledRejection", () => (unhandledRejections += 1));

const report = (message: Readonly<Record<string, unknown>>): void => void process.send?.(message);

async function reach(point: StormPoint): Promise<void> {
  if (point !== catchAt) return;
  catchAt = undefined;
  const released = new Promise<void>((resolve) => (goOn = resolve));
  report({ kind: "caught", point });
  await released;
}

async function worksAtApi(token: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  const { status } = await fetch(`${apiUrl}/2.0/user`, { headers });
  return status !== 401;
}

/** What was counted since the last time. */
function counted(answers: StormAnswers): StormAnswers {
  const news = { counts, unhandledRejections };
  counts = {};
  unhandledRejections = 0;
  return { ...answers, ...news };
}

function started(): StormClient {
  if (client === undefined) throw new Error("This worker has no client yet");
  return client;
}

async function obey(order: JsonFields): Promise<StormAnswers | undefined> {
  switch (order.string("kind")) {
    case "start": {
      const options = order.fields("clientOptions");
      apiUrl = options.fields("endpoints").string("apiUrl");
      offsetMs = order.number("offsetMs");
      client = await loadClient(order, {
        clock: { now: () => Date.now() + offsetMs },
        reach,
        count: (name) => void (counts[name] = (counts[name] ?? 0) + 1),
      });
      return undefined;
    }
    case "save":
      await started().saveTokens(order.string("account"), readTokens(order.fields("tokens")));
      return undefined;
    case "ask": {
      catchAt = order.optional("catchAt", (of) => of.oneOf("catchAt", stormPoints));
      const outcomes = await callClients(started(), order.strings("accounts"), order.number("callers"));
      catchAt = undefined;
      return counted(await judgeCalls(outcomes, worksAtApi));
    }
    case "close":
      await started().close();
      return counted(noAnswers);
    default:
      throw new Error("This worker does not know the order");
  }
}

process.on("message", (message: unknown) => {
  const order = readFields(message, "the order");
  const kind = order.string("kind");
  if (kind === "clock") offsetMs = order.number("offsetMs");
  else if (kind === "go-on") goOn();
  else {
    const id = order.number("id");
    obey(order).then(
      (answers) => report({ kind: "done", id, ...answers }),
      (error: unknown) => report({ kind: "failed", id, message: messageOf(error) }),
    );
  }
});
await endWithParent();
