import {
  createBitbucketAuth,
  createMemoryStorage,
  isBitbucketAuthError,
  type BitbucketAuth,
} from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { check, type Steps } from "./run-steps.ts";

/** What core promises, against the fake's `fetch`: no network, and nothing but what every runtime has. */
export function coreFlow(): Steps {
  const mock = createBitbucketMock({ profile: "strict" });
  const { clientOptions } = mock.issueGrant();
  const storage = createMemoryStorage();
  const openWith = (key: Uint8Array): BitbucketAuth =>
    createBitbucketAuth({
      ...clientOptions,
      fetch: mock.fetch,
      clock: mock.clock,
      storage,
      encryption: { current: "k1", keys: { k1: key } },
    });
  const auth = openWith(crypto.getRandomValues(new Uint8Array(32)));
  const refreshes = (): number => mock.requests.token("refresh_token").length;
  const issued = new Set<string>();
  let account = "";

  const remember = async (): Promise<string> => {
    const { accessToken, refreshToken = "" } = await auth.getTokens(account);
    issued.add(accessToken).add(refreshToken);
    return accessToken;
  };

  return {
    async "sign in"() {
      const { url, transaction } = await auth.startAuthorization();
      const { redirect } = mock.authorize({ url });
      ({ account } = await auth.finishAuthorization({ callback: redirect, transaction }));
      const { status } = await auth.fetchFor(account)("/2.0/user");
      check(status === 200, `The API answered ${status}`);
      await remember();
    },

    async "refresh on expiry"() {
      const before = await remember();
      await mock.clock.advance("2h");
      check((await remember()) !== before, "The expired token was handed out again");
      check(refreshes() === 1, `${refreshes()} refreshes`);
    },

    async "1,000 callers, 1 request"() {
      await mock.clock.advance("2h");
      const tokens = await Promise.all(Array.from({ length: 1_000 }, () => auth.getAccessToken(account)));
      check(refreshes() === 2, `${refreshes() - 1} refreshes for 1,000 callers`);
      check(new Set(tokens).size === 1, "They did not all get the same token");
      await remember();
      check(mock.violations.length === 0, `Bitbucket would refuse: ${mock.violations[0]?.message ?? ""}`);
    },

    async "sealed at rest"() {
      let records = 0;
      for await (const key of storage.list?.("") ?? []) {
        records += 1;
        const { bytes = new Uint8Array() } = (await storage.get(key)) ?? {};
        const text = key + new TextDecoder("latin1").decode(bytes);
        check(text.includes("bb1.k1."), "The record does not begin as a sealed one does");
        for (const secret of issued) check(!holds(text, secret), "A token can be read in the record");
      }
      check(records === 1 && issued.size === 6, `${records} records, ${issued.size} tokens`);
    },

    async "wrong key refused"() {
      const other = openWith(crypto.getRandomValues(new Uint8Array(32)));
      const code = await errorCode(other.getAccessToken(account));
      await other.close();
      check(code === "record_unreadable", `The wrong key was answered by ${code}`);
      await auth.getAccessToken(account);
    },

    async "sign out"() {
      await auth.signOut(account);
      const code = await errorCode(auth.getAccessToken(account));
      check(code === "signed_out", `After signing out: ${code}`);
      await auth.close();
    },
  };
}

function holds(text: string, secret: string): boolean {
  return text.includes(secret) || text.includes(btoa(secret).slice(0, 40));
}

async function errorCode(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "no error";
  } catch (error) {
    return isBitbucketAuthError(error) ? error.code : String(error);
  }
}
