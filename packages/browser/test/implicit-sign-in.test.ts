import { describe, expect, it } from "vitest";
import { BitBucketClient } from "../src/index.ts";
import { callbackUrl, createImplicitStage, type ImplicitStage } from "./client-under-test.ts";
import { thrownBy } from "./fake-page.ts";

async function calledBack(stage: ImplicitStage): Promise<ImplicitStage> {
  stage.client.authorize();
  await stage.consent();
  return stage;
}

describe("authorize() without a backend", () => {
  it("requests a token with a state of its own", () => {
    const { client, page } = createImplicitStage();
    expect(client.authorize()).toBe(client);
    const asked = new URL(page.visited[0] ?? "");
    const { state, ...others } = Object.fromEntries(asked.searchParams);
    expect(others).toEqual({
      response_type: "token",
      client_id: "page-key",
      redirect_uri: callbackUrl,
      scope: "account",
    });
    expect(state).toMatch(/^[0-9a-v]{43}$/);
    expect([...page.storage.entries]).toEqual([["oauth-state", state]]);
  });

  it("makes a new state each time", () => {
    const { client, page } = createImplicitStage();
    const states = new Set(
      Array.from({ length: 20 }, () => {
        client.authorize();
        return new URL(page.visited.at(-1) ?? "").searchParams.get("state");
      }),
    );
    expect(states.size).toBe(20);
  });

  it("takes a state from a subclass and refuses a short one", () => {
    const { options, page } = createImplicitStage();
    class Counting extends BitBucketClient {
      states = ["a-state-of-our-own", "", "short"];
      override generateState(): string {
        return this.states.shift() ?? "";
      }
    }
    const client = new Counting(options);
    client.authorize();
    expect(page.visited[0]).toContain("state=a-state-of-our-own");
    for (let weak = 0; weak < 2; weak++)
      expect(thrownBy(() => client.authorize())).toMatchObject({ code: "invalid_options" });
    expect(page.visited).toHaveLength(1);
  });

  it("keeps the query of the endpoint's address", () => {
    const { client, page } = createImplicitStage({
      authorizationEndpoint: "https://login.test/authorize?tenant=7&state=mine",
      client: { client_id: "page-key", redirect_uris: [callbackUrl, "https://app.test/other"] },
    });
    client.authorize();
    const { searchParams } = new URL(page.visited[0] ?? "");
    expect(searchParams.get("tenant")).toBe("7");
    expect(searchParams.getAll("state")).toEqual([page.storage.entries.get("oauth-state")]);
    expect(searchParams.get("redirect_uri")).toBe(callbackUrl);
    expect(searchParams.has("scope")).toBe(false);
  });

  it("does not leave the page when the state cannot be kept", () => {
    const forbidden = (): never => {
      throw new DOMException("hidden words", "SecurityError");
    };
    const { client, page } = createImplicitStage({
      storage: { getItem: forbidden, setItem: forbidden, removeItem: forbidden },
    });
    const error = thrownBy(() => client.authorize());
    expect(error).toMatchObject({ code: "storage_failed", action: "fix_config" });
    expect(String(error)).not.toContain("hidden words");
    expect(page.visited).toEqual([]);
  });
});

describe("processCallback()", () => {
  it("obtains a token that calls the API", async () => {
    const { client, page, mock } = await calledBack(createImplicitStage());
    expect(client.processCallback()).toBe(true);
    expect(await client.fetchResource({ resourceUrl: "/2.0/user" })).toMatchObject({ type: "user" });
    expect(page.storage.entries.size).toBe(0);
    expect(mock.violations).toEqual([]);
  });

  it("takes the token out of the address bar before it does anything else", async () => {
    const { client, page } = await calledBack(createImplicitStage());
    expect(page.location.href).toContain("access_token=");
    client.processCallback();
    expect(page.steps[0]).toBe(`replaceState {"kept":true} ${callbackUrl}`);
    expect(page.location.href).toBe(callbackUrl);
  });

  it("does nothing where there was no callback", () => {
    const { client, page } = createImplicitStage();
    for (const href of [
      "https://app.test/#/route?state=1",
      "https://app.test/?error=our-own&state=x",
      "https://app.test/",
    ]) {
      page.open(href);
      expect(client.processCallback()).toBe(false);
      expect(page.location.href).toBe(href);
    }
  });

  it.each([
    [
      "another state",
      (href: string) => href.replace(/state=[^&]*/, "state=another-state-than-that"),
      "state_mismatch",
    ],
    ["no state", (href: string) => href.replace(/&?state=[^&]*/, ""), "state_mismatch"],
    ["an empty state", (href: string) => href.replace(/state=[^&]*/, "state="), "state_mismatch"],
    ["two states", (href: string) => `${href}&state=second`, "authorization_callback_invalid"],
    ["two tokens", (href: string) => `${href}&access_token=second`, "authorization_callback_invalid"],
    ["far too much", (href: string) => `${href}&x=${"x".repeat(20_000)}`, "authorization_callback_invalid"],
    [
      "a refusal with another state",
      () => `${callbackUrl}#error=access_denied&state=another-state`,
      "state_mismatch",
    ],
  ])("refuses %s, and cleans the address all the same", async (_what, change, code) => {
    const { client, page } = await calledBack(createImplicitStage());
    page.open(change(page.location.href));
    expect(thrownBy(() => client.processCallback())).toMatchObject({ code });
    expect(page.location.href).toBe(callbackUrl);
    expect(client.callbackData).toBeNull();
    await expect(client.fetchResource({ resourceUrl: "/2.0/user" })).rejects.toMatchObject({
      code: "signed_out",
    });
  });

  it("refuses a callback that comes a second time", async () => {
    const { client, page } = await calledBack(createImplicitStage());
    const { href } = page.location;
    expect(client.processCallback()).toBe(true);
    page.open(href);
    expect(thrownBy(() => client.processCallback())).toMatchObject({ code: "state_mismatch" });
  });

  it("spends the state on the first attempt, also on a forged one", async () => {
    const { client, page } = await calledBack(createImplicitStage());
    const { href } = page.location;
    page.open(href.replace(/state=[^&]*/, "state=forged-forged-forged"));
    expect(thrownBy(() => client.processCallback())).toMatchObject({ code: "state_mismatch" });
    page.open(href);
    expect(thrownBy(() => client.processCallback())).toMatchObject({ code: "state_mismatch" });
  });

  it("refuses a callback that this page never asked for", () => {
    const { client, page } = createImplicitStage();
    page.open(`${callbackUrl}#access_token=planted&state=`);
    expect(thrownBy(() => client.processCallback())).toMatchObject({ code: "state_mismatch" });
    expect(page.location.href).toBe(callbackUrl);
  });

  it("does not use a token that stays in the address bar", async () => {
    const { options, page, client } = await calledBack(createImplicitStage());
    const stuck = new BitBucketClient({
      ...options,
      history: {
        state: null,
        replaceState: () => {
          throw new DOMException("sandboxed", "SecurityError");
        },
      },
    });
    expect(thrownBy(() => stuck.processCallback())).toMatchObject({ code: "authorization_callback_invalid" });
    expect(stuck.callbackData).toBeNull();
    expect(page.storage.entries.size).toBe(1);
    expect(client.processCallback()).toBe(true);
  });

  it("throws authorization_denied when the user refuses", async () => {
    const { client, page, consent } = createImplicitStage();
    client.authorize();
    await consent("cancel");
    const error = thrownBy(() => client.processCallback());
    expect(error).toMatchObject({
      code: "authorization_denied",
      oauthError: "access_denied",
      action: "reauthorize",
    });
    expect(String(error)).toContain("Call authorize()");
    expect(page.location.href).toBe(callbackUrl);
  });

  it.each(["#", "?"])("says what to do when the server gives pages no tokens (%s)", (mark) => {
    const { client, page } = createImplicitStage();
    client.authorize();
    const state = page.storage.entries.get("oauth-state") ?? "";
    page.open(
      `${callbackUrl}?kept=1${mark === "?" ? "&" : "#"}error=unsupported_response_type&error_description=hidden&state=${state}`,
    );
    const error = thrownBy(() => client.processCallback());
    expect(error).toMatchObject({ code: "authorization_denied", oauthError: "unsupported_response_type" });
    expect(String(error)).toContain("`backend`");
    expect(String(error)).not.toContain("hidden");
    expect(page.location.href).toBe(`${callbackUrl}?kept=1`);
  });

  it("reports a storage that fails at the callback, with the address already clean", async () => {
    const { options, page } = await calledBack(createImplicitStage());
    const client = new BitBucketClient({
      ...options,
      storage: {
        ...page.storage,
        getItem: () => {
          throw new Error("gone");
        },
      },
    });
    expect(thrownBy(() => client.processCallback())).toMatchObject({ code: "storage_failed" });
    expect(page.location.href).toBe(callbackUrl);
  });

  it("keeps the sign-ins of two tabs apart, each with a storage of its own", async () => {
    const one = await calledBack(createImplicitStage());
    const two = await calledBack(createImplicitStage());
    expect([two.client.processCallback(), one.client.processCallback()]).toEqual([true, true]);
  });

  it("keeps the state under the key it is told", () => {
    const { client, page } = createImplicitStage({ storageKey: "my-state" });
    client.authorize();
    expect([...page.storage.entries.keys()]).toEqual(["my-state"]);
  });
});
