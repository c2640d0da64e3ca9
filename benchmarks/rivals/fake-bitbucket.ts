import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { createBitbucketMock, type BitbucketMock } from "@bitbucket-auth/testing";
import { fromBitbucket, toBitbucket, type Dialect } from "./dialects.ts";
import type { Connection } from "./client.ts";

/** A strict Bitbucket on loopback, and one grant of it. */
export interface FakeBitbucket {
  readonly mock: BitbucketMock;
  /** The grant, with an access token that has run out or has its whole life left. */
  connection(state: "expired" | "fresh", place?: Connection["place"]): Connection;
  /** Token requests so far. */
  tokenRequests(): number;
  /** Whether Bitbucket would still refresh the grant. */
  isAlive(): boolean;
  /** How many of these access tokens the API would take now. */
  countWorking(tokens: readonly string[]): Promise<number>;
  close(): Promise<void>;
}

const hourMs = 3_600_000;

/**
 * Starts one. Each refresh token is taken once, and one that comes twice ends the grant. Whether the consumer's secret comes in
 * a header or in the form is left to the client, and no refusal locks the consumer out: neither is what is compared.
 */
export async function startFakeBitbucket({ accessTokenLifeMs = 2 * hourMs } = {}): Promise<FakeBitbucket> {
  const mock = createBitbucketMock({
    profile: { base: "strict", bodyCredentials: true, lockoutMs: 0, accessTokenLifeMs },
  });
  const grant = mock.issueGrant();
  const server = createServer((incoming, outgoing) => {
    answer(mock, incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  const origin = `http://127.0.0.1:${address.port}`;
  const { clientId, clientSecret } = grant.clientOptions;
  const { accessToken, refreshToken = "" } = grant.tokens;
  return {
    mock,
    connection: (state, place = {}) => ({
      origin,
      tokenUrl: `${origin}/site/oauth2/access_token`,
      clientId,
      clientSecret,
      accessToken,
      refreshToken,
      expiresAt: Date.now() + (state === "expired" ? -1_000 : 2 * hourMs),
      place,
    }),
    tokenRequests: () => mock.requests.token().length,
    isAlive: () => mock.grant(grant).live,
    async countWorking(tokens) {
      const verdicts = new Map<string, boolean>();
      for (const token of new Set(tokens)) {
        const headers = { authorization: `Bearer ${token}` };
        verdicts.set(token, (await mock.fetch("https://api.bitbucket.org/2.0/user", { headers })).ok);
      }
      return tokens.filter((token) => verdicts.get(token)).length;
    },
    close() {
      mock.faults.clear();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function dialectOf({ url = "" }: IncomingMessage): Dialect {
  if (url.startsWith("/slack/")) return "slack";
  return url.startsWith("/login/") ? "github" : "bitbucket";
}

async function answer(
  mock: BitbucketMock,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const abandoned = new AbortController();
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) abandoned.abort();
  });
  const dialect = dialectOf(incoming);
  const { authorization } = incoming.headers;
  const exchange = await mock.exchange(
    new Request(mock.urls.token, {
      method: "POST",
      headers: authorization === undefined ? {} : { authorization },
      body: toBitbucket((await buffer(incoming)).toString()),
      signal: abandoned.signal,
    }),
  );
  if (exchange.kind === "failed") return void incoming.socket.destroy();
  const { status, headers, body } = await fromBitbucket(dialect, exchange.response);
  outgoing.writeHead(status, headers).end(body);
}
