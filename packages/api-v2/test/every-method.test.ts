import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { createAuthenticatedAPI } from "../src/index.ts";
import { everyGeneratedCall, expectedCalls, listedAndAbsent } from "./package-calls.ts";
import { recordFetch } from "./recorded-fetch.ts";

type Groups = Record<string, Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;

const mock = createBitbucketMock({ clock: { now: () => Date.UTC(2026, 10, 2) } });
mock.faults.when("api", {
  answer: { headers: { "content-type": "application/json" }, body: '{"answered":true}' },
});
const grant = mock.issueGrant();
const { fetch, sent } = recordFetch(mock.fetch);
const auth = createBitbucketAuth({ ...grant.clientOptions, fetch, clock: mock.clock });
await auth.saveTokens("alice", grant.tokens);
const api = (await createAuthenticatedAPI({ auth, account: "alice" })) as unknown as Groups;

const calls = everyGeneratedCall().map((call) => [`${call.group}.${call.method}`, call] as const);

describe("every method of bitbucket-api-v2", () => {
  it.each(calls)("%s() sends what is documented, with the bearer of the moment", async (name, call) => {
    await mock.clock.advance("121m"); // every call meets an expired token, and has another one
    sent.length = 0;

    expect(await api[call.group]?.[call.method]?.(...call.args)).toEqual({ answered: true });

    expect(sent).toEqual([
      {
        line: expectedCalls[name as keyof typeof expectedCalls],
        authorization: `Bearer ${mock.grant(grant).tokens.accessToken}`,
      },
    ]);
  });

  it("is described here, and nothing else is", () => {
    expect(calls.map(([name]) => name).toSorted()).toEqual(Object.keys(expectedCalls).toSorted());
  });

  it("is there, but for the one the package lists under a wrong name", () => {
    expect(listedAndAbsent()).toEqual(["repositories.getPullRequest"]);
  });

  it("tells whether a repository is a fork without a call", () => {
    expect(api["repositories"]?.["hasParent"]?.({ parent: {} })).toBe(true);
  });

  it("was called with a token of its own", () => {
    expect(mock.requests.token("refresh_token")).toHaveLength(calls.length);
  });
});
