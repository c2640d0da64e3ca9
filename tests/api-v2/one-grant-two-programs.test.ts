import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthenticatedAPI, type BitbucketAPI } from "@bitbucket-auth/api-v2";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createFileStorage } from "@bitbucket-auth/storage-file";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

describe("the one-liner on a storage of files", () => {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "api-v2-"));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it("serves two programs that share one grant, with one refresh per expiry", async () => {
    const mock = createBitbucketMock({ profile: "strict" });
    const { clientOptions, tokens } = mock.issueGrant();
    const { clientId, clientSecret, endpoints } = clientOptions;
    const encryption = { current: "k1", keys: { k1: crypto.getRandomValues(new Uint8Array(32)) } };
    const shared = { encryption, endpoints, fetch: mock.fetch, clock: mock.clock, logging: false };
    const auth = createBitbucketAuth({
      ...shared,
      clientId,
      clientSecret,
      storage: createFileStorage({ directory }),
    });
    await auth.saveTokens("my-app", tokens);
    await auth.close();
    const program = (): Promise<BitbucketAPI> =>
      createAuthenticatedAPI({
        ...shared,
        appName: "my-app",
        consumerKey: clientId,
        consumerSecret: clientSecret,
        storage: createFileStorage({ directory }),
      });
    const programs = [await program(), await program()];

    for (let expiry = 0; expiry < 5; expiry += 1) {
      await mock.clock.advance("121m");
      await Promise.all(programs.flatMap((api) => Array.from({ length: 25 }, () => api.user.get())));
    }

    expect(mock.requests.token()).toHaveLength(5);
    expect(mock.reuseCount).toBe(0);
  });
});
