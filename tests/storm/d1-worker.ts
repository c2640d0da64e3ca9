import { createBitbucketAuth, type BitbucketAuth, type PlainTokens } from "@bitbucket-auth/core";
import { createSqlStorage, createTables, type D1Client } from "@bitbucket-auth/storage-sql";

interface Env {
  readonly DB: D1Client;
  readonly clientId: string;
  readonly clientSecret: string;
  /** As JSON. */
  readonly endpoints: string;
}

let shared: BitbucketAuth | undefined;

/** Runs in workerd: hands out the end of a token, from a client of the request's own or from one that requests share. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const offsetMs = Number(searchParams.get("offsetMs"));
    const open = (): BitbucketAuth =>
      createBitbucketAuth({
        clientId: env.clientId,
        clientSecret: env.clientSecret,
        endpoints: JSON.parse(env.endpoints),
        clock: { now: () => Date.now() + offsetMs },
        logging: false,
        storage: createSqlStorage({ client: env.DB, deadlineMs: 9_000 }),
        encryption: { current: "k1", keys: { k1: new Uint8Array(32) } },
      });
    if (pathname === "/sign-in") {
      await createTables({ client: env.DB });
      const tokens: PlainTokens = await request.json();
      await open().saveTokens("alice", tokens);
      return new Response("signed in");
    }
    const auth = pathname === "/shared" ? (shared ??= open()) : open();
    const token = await auth.getAccessToken("alice");
    return new Response(token.slice(-8));
  },
};
