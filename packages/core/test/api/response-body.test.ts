import { describe, expect, it } from "vitest";
import { readErrorBody, releaseBody } from "../../src/api/response-body.ts";
import { watchedResponse } from "./api-under-test.ts";

describe("readErrorBody()", () => {
  it("reads text to its end", async () => {
    expect(await readErrorBody(new Response("Grüße"))).toBe("Grüße");
  });

  it("reads at most 64 kB and lets go of the rest", async () => {
    const { response, cancelled } = watchedResponse({ status: 500 });
    expect((await readErrorBody(response)).length).toBe(64 * 1024);
    await expect.poll(cancelled).toBe(true);
  });

  it("takes a body that is missing, used or broken for an empty one", async () => {
    const used = new Response("used");
    await used.text();
    const broken = new Response(
      new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) }),
    );
    expect(
      await Promise.all([new Response(null), used, broken].map((response) => readErrorBody(response))),
    ).toEqual(["", "", ""]);
  });

  it("ends when it is told to, although the body hangs", async () => {
    let cancelled = false;
    const body = new ReadableStream({
      pull: () => new Promise(() => {}),
      cancel: () => {
        cancelled = true;
      },
    });
    const stop = new AbortController();
    const reading = readErrorBody(new Response(body), stop.signal);
    stop.abort();
    expect(await reading).toBe("");
    expect(cancelled).toBe(true);
  });
});

describe("releaseBody()", () => {
  it("cancels a body nobody reads", () => {
    const { response, cancelled } = watchedResponse({ status: 401 });
    releaseBody(response);
    expect(cancelled()).toBe(true);
  });

  it("leaves a body alone that somebody reads, or that is not there", async () => {
    const { response, cancelled } = watchedResponse({ status: 200 });
    response.body?.getReader();
    releaseBody(response);
    releaseBody(new Response(null));
    expect(cancelled()).toBe(false);
  });
});
