import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { createBitbucketAPI } from "../src/index.ts";
import { rejection, signedInApi } from "./signed-in-api.ts";

describe("no secret is in what can be printed", () => {
  it("not in an API object, nor in any of its errors", async () => {
    const { mock, grant, api } = await signedInApi();
    const { accessToken } = grant.tokens;
    const echoed = { status: 500, headers: { "content-type": "text/plain" }, body: `no ${accessToken}` };
    const printed: unknown[] = [api, createBitbucketAPI({ accessToken })];
    for (const fault of [
      { status: 401 },
      { status: 429 },
      { network: "reset" },
      { answer: echoed },
    ] as const) {
      const fixed = createBitbucketAPI({
        accessToken: mock.grant(grant).tokens.accessToken,
        fetch: mock.fetch,
      });
      mock.faults.when("api", fault);
      printed.push(await rejection(api.user.get()), await rejection(fixed.user.get()));
      mock.faults.clear();
    }
    const text = printed
      .map((one) => `${inspect(one, { depth: 12, showHidden: true })} ${String(one)}`)
      .join("\n");
    expect(mock.leaks(text)).toEqual([]);
  });
});
