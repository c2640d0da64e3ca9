import { describe, expect, it } from "vitest";
import { whoAmI } from "../src/index.ts";
import { rejection, signedInApi } from "./signed-in-api.ts";

describe("whoAmI()", () => {
  it("says who a person is, on an API object, on a fetch, and as a method", async () => {
    const { mock, auth, api } = await signedInApi();
    const [alice] = mock.users;
    const expected = {
      uuid: alice?.uuid,
      type: "user",
      accountId: alice?.accountId,
      displayName: "Alice Example",
      username: "alice",
      nickname: "alice",
    };
    expect(await whoAmI(api)).toEqual(expected);
    expect(await whoAmI(auth.fetchFor("alice"))).toEqual(expected);
    expect(await api.whoAmI()).toEqual(expected);
  });

  it("names the scope that is missing", async () => {
    const { api } = await signedInApi({ consumers: [{ scopes: ["repository"] }] });
    expect(await rejection(whoAmI(api))).toMatchObject({ code: "scope_missing", required: ["account"] });
  });

  it.each(["{}", "[]", '{"uuid":7}', '{"uuid":""}', "null"])("takes %s for no answer", async (body) => {
    const { mock, api } = await signedInApi();
    mock.faults.next("api", { answer: { headers: { "content-type": "application/json" }, body } });
    expect(await rejection(whoAmI(api))).toMatchObject({ code: "api_request_failed", transient: true });
  });
});
