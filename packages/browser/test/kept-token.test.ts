import { describe, expect, it, vi } from "vitest";
import { BitBucketClient } from "../src/bitbucket-client.ts";
import { createImplicitStage, type ImplicitStage } from "./client-under-test.ts";
import { createFakePage } from "./fake-page.ts";

async function signedIn(stage: ImplicitStage): Promise<ImplicitStage> {
  stage.client.authorize();
  await stage.consent();
  stage.client.processCallback();
  return stage;
}

describe("the token of an implicit sign-in", () => {
  it("is in no storage, and not to be printed with the client", async () => {
    const { client, page, mock } = await signedIn(createImplicitStage());
    const token = client.callbackData?.access_token ?? "";
    expect(token.length).toBeGreaterThan(100);
    expect(page.storage.entries.size).toBe(0);
    expect(mock.leaks(JSON.stringify([client, Object.entries(client.callbackData ?? {})]))).toEqual([]);
  });

  it("is kept beyond a reload only where that is asked for", async () => {
    const vault = createFakePage().storage;
    const { options } = await signedIn(createImplicitStage({ dangerouslyKeepTokenIn: vault }));
    expect(vault.entries.size).toBe(1);
    const reloaded = new BitBucketClient(options);
    expect(await reloaded.fetchResource({ resourceUrl: "/2.0/user" })).toMatchObject({ type: "user" });
    await reloaded.signOut();
    expect(vault.entries.size).toBe(0);
  });

  it.each(["", "garbage", "9999999999999 tok\nen", "soon token", '{"access_token":"a"}'])(
    "is not taken from a storage that says %j",
    async (text) => {
      const vault = createFakePage().storage;
      vault.setItem("oauth-state-token", text);
      const { client, mock } = createImplicitStage({ dangerouslyKeepTokenIn: vault });
      await expect(client.fetchResource({ resourceUrl: "/2.0/user" })).rejects.toMatchObject({
        code: "signed_out",
      });
      expect(mock.requests.all).toEqual([]);
    },
  );

  it("is not sent once it has expired", async () => {
    const { client, mock } = await signedIn(createImplicitStage());
    await mock.clock.advance("3h");
    const sent = mock.requests.all.length;
    await expect(client.fetchResource({ resourceUrl: "/2.0/user" })).rejects.toMatchObject({
      code: "signed_out",
      action: "reauthorize",
    });
    expect(mock.requests.all).toHaveLength(sent);
  });

  it("is forgotten when the API refuses it", async () => {
    const { client, mock } = await signedIn(createImplicitStage());
    mock.faults.next("api", { status: 401 });
    await expect(client.fetchResource({ resourceUrl: "/2.0/user" })).rejects.toMatchObject({
      code: "signed_out",
      status: 401,
    });
    const sent = mock.requests.all.length;
    await expect(client.fetchResource({ resourceUrl: "/2.0/user" })).rejects.toMatchObject({
      code: "signed_out",
    });
    expect(mock.requests.all).toHaveLength(sent);
  });

  it("is forgotten when the person signs out", async () => {
    const { client, mock } = await signedIn(createImplicitStage());
    await client.signOut();
    const sent = mock.requests.all.length;
    await expect(client.fetchResource({ resourceUrl: "/2.0/user" })).rejects.toMatchObject({
      code: "signed_out",
    });
    expect(mock.requests.all).toHaveLength(sent);
  });
});

describe("logging: true", () => {
  it("tells each step and no secret", async () => {
    const lines: unknown[] = [];
    const logger = { log: (...line: unknown[]) => void lines.push(line) };
    const stage = await signedIn(createImplicitStage({ logging: true, logger }));
    await stage.client.fetchResource({ resourceUrl: "/2.0/user" });
    await stage.client.fetchResource({ resourceUrl: "https://evil.test/" }).catch(() => undefined);
    const states = stage.page.visited.map((url) => new URL(url).searchParams.get("state") ?? "");
    const printed = JSON.stringify(lines);
    for (const step of ["authorize", "onStateMatch", "fetchResource", "onSuccess", "foreign_origin"])
      expect(printed).toContain(step);
    expect(stage.mock.leaks(printed)).toEqual([]);
    for (const state of states) expect(printed).not.toContain(state);
  });

  it("tells the console when there is no logger, and nobody without it", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    createImplicitStage().client.authorize();
    expect(log).not.toHaveBeenCalled();
    createImplicitStage({ logging: true }).client.authorize();
    expect(log).toHaveBeenCalledWith("bitbucket-auth:", "authorize");
    log.mockRestore();
  });
});
