/**
 * What it costs to ask for a token that is already there, against the two quickest of the libraries that keep one.
 *
 * One process, one run, turns taken: whatever else the machine does, it does to all of them alike.
 */
import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { memoize } from "@smithy/core/config";
import { type Contestant, takeTurns } from "./take-turns.ts";

const callsPerRound = 200_000;

const accessToken = "benchmark-token";
const expiresAt = Date.now() + 2 * 60 * 60 * 1000;

interface TokenKeeper {
  readonly name: string;
  /** Asks for the token; what it resolves to is checked once. */
  readonly ask: () => Promise<unknown>;
}

function offline(): never {
  throw new Error("A benchmark of cached tokens sends nothing.");
}

async function askCore(): Promise<TokenKeeper> {
  const auth = createBitbucketAuth({ clientId: "consumer", clientSecret: "secret", fetch: offline });
  await auth.saveTokens("alice", { accessToken, refreshToken: "refresh", expiresAt, tokenType: "bearer" });
  return { name: "@bitbucket-auth/core", ask: () => auth.getAccessToken("alice") };
}

function askSmithy(): TokenKeeper {
  const provider = memoize(
    async () => ({ token: accessToken, expiration: new Date(expiresAt) }),
    ({ expiration }) => expiration.getTime() - Date.now() < 300_000,
    ({ expiration }) => expiration !== undefined,
  );
  return { name: "@smithy/core memoize", ask: () => provider() };
}

function askBadgateway(): TokenKeeper {
  const client = new OAuth2Client({
    clientId: "consumer",
    tokenEndpoint: "https://bitbucket.example/token",
    fetch: offline,
  });
  const keeper = new OAuth2Fetch({
    client,
    getNewToken: offline,
    getStoredToken: () => ({ accessToken, refreshToken: "refresh", expiresAt }),
    scheduleRefresh: false,
  });
  return { name: "@badgateway/oauth2-client", ask: () => keeper.getAccessToken() };
}

/** Each call is awaited before the next is made. */
async function inARow({ name, ask }: TokenKeeper): Promise<Contestant> {
  if (!JSON.stringify(await ask()).includes(accessToken)) throw new Error(`${name} did not give the token.`);
  return {
    name,
    async run(calls) {
      for (let call = 0; call < calls; call += 1) await ask();
    },
  };
}

const { rounds, standings } = await takeTurns(
  [
    await inARow(await askCore()),
    await inARow(askSmithy()),
    await inARow(askBadgateway()),
    await inARow({ name: "(await async () => token)", ask: async () => accessToken }),
  ],
  { rounds: 60, timesPerRound: callsPerRound, budgetMs: 15_000 },
);
console.log(
  `A cached token, awaited: medians of ${rounds} rounds of ${callsPerRound.toLocaleString("en")} calls, Node ${process.version}`,
);
console.table(
  Object.fromEntries(
    standings.map(({ name, rate, time, processorTime }) => [
      name,
      {
        "million calls/s": Number((rate / 1e6).toFixed(2)),
        "time of core's": Number(time.toFixed(2)),
        "its processor time": Number(processorTime.toFixed(2)),
      },
    ]),
  ),
);
