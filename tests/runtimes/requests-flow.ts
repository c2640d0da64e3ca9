import { check } from "./programs/run-steps.ts";

/** A worker with a `BitbucketAuth` at module scope: `programs/module-scope-worker.ts`, whose network is `token-endpoint-worker.ts`. */
export interface ServedWorker {
  /** What a request for this path was answered. */
  get(path: string): Promise<string>;
  stop(): Promise<void>;
}

type Step =
  | "a refresh of a request that is over"
  | "a sign-in and a read of requests that are over"
  | "a refresh `waitUntil` was told of"
  | "a refresh the platform's own `waitUntil` was told of";

/** What several requests have of one `BitbucketAuth`, where a request's unfinished work ends with its response. */
export function requestsFlow(
  serve: () => Promise<ServedWorker>,
): Readonly<Record<Step, () => Promise<void>>> {
  const withSignedInWorker = async (use: (get: ServedWorker["get"]) => Promise<void>): Promise<void> => {
    const { get, stop } = await serve();
    try {
      await get("/sign-in?minutes=110");
      await use(get);
    } finally {
      await stop();
    }
  };

  return {
    "a refresh of a request that is over": () =>
      withSignedInWorker(async (get) => {
        equal(await get("/token"), "access-1");
        await get("/later?minutes=15");
        const tokens = await Promise.all([get("/token"), get("/token")]);
        equal(tokens.join(), "access-3,access-3");
        equal(await get("/token"), "access-3");
      }),

    "a sign-in and a read of requests that are over": () =>
      withSignedInWorker(async (get) => {
        await get("/begin-sign-in?minutes=15");
        equal(await get("/sign-in"), "done");
        await get("/begin-read?minutes=15");
        equal(await get("/read"), "done");
        equal(await get("/token"), "access-1");
      }),

    "a refresh `waitUntil` was told of": () => refreshedAhead("/token?waitUntil"),

    "a refresh the platform's own `waitUntil` was told of": () => refreshedAhead("/token?platform"),
  };

  /** Begun by a request for this path, which is over before the token endpoint answers. */
  function refreshedAhead(path: string): Promise<void> {
    return withSignedInWorker(async (get) => {
      equal(await get(path), "access-1");
      equal(await tokenAfter("access-1", get), "access-2");
      await get("/later?minutes=15");
      equal(await get("/token"), "access-2");
      equal(await get("/sent"), "1");
    });
  }
}

/** The first token that is another one; this one again where none comes in 20 s. */
async function tokenAfter(token: string, get: ServedWorker["get"]): Promise<string> {
  const giveUpAt = Date.now() + 20_000;
  for (;;) {
    const found = await get("/token");
    if (found !== token || Date.now() > giveUpAt) return found;
  }
}

function equal(seen: string, expected: string): void {
  check(seen === expected, `${seen} instead of ${expected}`);
}
