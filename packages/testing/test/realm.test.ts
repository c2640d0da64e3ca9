import { runInNewContext } from "node:vm";
import { afterEach, expect, it, vi } from "vitest";
import { createBitbucketMock } from "../src/index.ts";
import { startBitbucketMock } from "../src/server.ts";
import { basic } from "./token-request.ts";

afterEach(() => vi.unstubAllGlobals());

it("the server reads the bodies of requests where a Buffer is no Uint8Array, as under jsdom", async () => {
  vi.stubGlobal("Uint8Array", runInNewContext("Uint8Array"));
  const mock = createBitbucketMock();
  const server = await startBitbucketMock(mock);
  try {
    const { tokens } = mock.issueGrant();
    const form = { grant_type: "refresh_token", refresh_token: tokens.refreshToken ?? "" };
    const answer = await fetch(mock.urls.token, {
      method: "POST",
      headers: { authorization: basic(mock.consumers[0]) },
      body: new URLSearchParams(form),
    });
    expect([answer.status, mock.requests.token("refresh_token").length]).toEqual([200, 1]);
  } finally {
    await server.close();
  }
});
