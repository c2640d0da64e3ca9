import { SignedOutError } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { customTokenSource } from "../src/custom-token-source.ts";
import { rejection } from "./signed-in-api.ts";

/** Answers token 1, 2, 3 …, and counts. */
function counting(): { ask: () => Promise<string>; asked(): number } {
  let asked = 0;
  return { ask: async () => `token ${(asked += 1)}`, asked: () => asked };
}

describe("customTokenSource()", () => {
  it("keeps what it was answered until the API refuses it", async () => {
    const { ask, asked } = counting();
    const source = customTokenSource(ask, {});
    expect([await source({}), await source({})]).toEqual(["token 1", "token 1"]);
    expect(await source({ rejected: "token 1" })).toBe("token 2");
    expect(await source({ rejected: "token 1" })).toBe("token 2"); // who was slow to hear of it
    expect(asked()).toBe(2);
  });

  it("asks once for everybody", async () => {
    const { ask, asked } = counting();
    const source = customTokenSource(ask, {});
    await Promise.all(Array.from({ length: 50 }, () => source({})));
    await Promise.all(Array.from({ length: 50 }, () => source({ rejected: "token 1" })));
    expect(asked()).toBe(2);
  });

  it("takes a token response for an answer, as getAccessToken() of 2017 gave it", async () => {
    expect(await customTokenSource(() => ({ access_token: "t", token_type: "bearer" }), {})({})).toBe("t");
  });

  it("takes a token set for an answer", async () => {
    expect(await customTokenSource(() => ({ accessToken: "t" }), {})({})).toBe("t");
  });

  it.each([undefined, "", 7, null, {}, { accessToken: 7 }, { access_token: 7 }])(
    "takes %o for none",
    async (answer) => {
      const ask = (() => answer) as () => string;
      expect(await rejection(customTokenSource(ask, {})({}))).toMatchObject({ code: "token_request_failed" });
    },
  );

  it("asks again after a failure", async () => {
    let fails = true;
    const source = customTokenSource(() => {
      if (fails) throw new Error("down");
      return "t";
    }, {});
    await rejection(source({}));
    fails = false;
    expect(await source({})).toBe("t");
  });

  it("lets core's errors through, and of others their name alone", async () => {
    const ours = new SignedOutError("Sign in.");
    expect(await rejection(customTokenSource(() => Promise.reject(ours), {})({}))).toBe(ours);
    const foreign = new TypeError("the secret is s3cret");
    const error = await rejection(customTokenSource(() => Promise.reject(foreign), {})({}));
    expect(error).toMatchObject({
      code: "token_request_failed",
      message: expect.stringContaining("TypeError"),
    });
    expect(JSON.stringify(error) + String(error)).not.toContain("s3cret");
  });

  it("frees a caller that aborts", async () => {
    const stop = new AbortController();
    const source = customTokenSource(() => new Promise(() => {}), {});
    const aborted = rejection(source({ signal: stop.signal }));
    stop.abort("enough");
    expect(await aborted).toBe("enough");
    expect(await rejection(source({ signal: stop.signal }))).toBe("enough");
  });
});
