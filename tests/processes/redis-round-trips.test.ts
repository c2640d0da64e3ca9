import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { expect, it, vi } from "vitest";
import { hasRedisServer } from "../storm/redis-server.ts";
import { withRedis } from "./real-storage.ts";

it.runIf(hasRedisServer)(
  "costs no trip to Redis for a token in memory, one for a cold read, and five for a refresh",
  async () => {
    await withRedis(async ({ storage }, _server, client) => {
      const send = vi.spyOn(client, "sendCommand");
      const trips = (): number => {
        const sent = send.mock.calls.length;
        send.mockClear();
        return sent;
      };
      const mock = createBitbucketMock({ profile: "strict" });
      const grant = mock.issueGrant();
      const open = () =>
        createBitbucketAuth({
          ...grant.clientOptions,
          fetch: mock.fetch,
          clock: mock.clock,
          logging: false,
          storage,
          encryption: "none",
        });
      const auth = open();
      await auth.saveTokens("alice", grant.tokens);
      // Once, so that this Redis knows every script.
      await mock.clock.advance("121m");
      await auth.getAccessToken("alice");
      trips();

      await auth.getAccessToken("alice");
      expect(trips()).toBe(0);

      await open().getAccessToken("alice");
      expect(trips()).toBe(1);

      await mock.clock.advance("121m");
      await auth.getAccessToken("alice");
      // A look, the lease, the announcement, the new tokens, the end of the lease.
      expect(trips()).toBe(5);
      expect(mock.requests.token("refresh_token")).toHaveLength(2);
    });
  },
);
