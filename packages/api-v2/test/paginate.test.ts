import { describe, expect, it } from "vitest";
import { paginate, type PageProgress } from "../src/index.ts";
import { rejection, signedInApi, type SignedInApi } from "./signed-in-api.ts";

const repositories = Array.from({ length: 25 }, (_, number) => ({ workspace: "acme", slug: `r${number}` }));
const slugs = repositories.map(({ slug }) => slug);

async function collect(items: AsyncIterable<{ slug?: unknown }>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { slug } of items) found.push(slug);
  return found;
}

/** Answers the next call with this page. */
function answerNext({ mock }: SignedInApi, page: object): void {
  mock.faults.next("api", {
    answer: { headers: { "content-type": "application/json" }, body: JSON.stringify(page) },
  });
}

describe("paginate()", () => {
  it("gives every item, page after page, and tells how far it is", async () => {
    const { mock, api } = await signedInApi({ repositories });
    const progress: PageProgress[] = [];
    const items = paginate(api, "repositories/acme", { onPage: (page) => progress.push(page) });
    expect(await collect(items)).toEqual(slugs);
    expect(progress).toEqual([
      { pages: 1, items: 10, size: 25 },
      { pages: 2, items: 20, size: 25 },
      { pages: 3, items: 25, size: 25 },
    ]);
    expect(mock.requests.api()).toHaveLength(3);
  });

  it("starts from a page that is there, from a fetch, and from the object itself", async () => {
    const { auth, api } = await signedInApi({ repositories });
    const first = await api.get("repositories/acme", { pagelen: 20 });
    expect(await collect(paginate(api, first))).toEqual(slugs);
    expect(await collect(paginate(auth.fetchFor("alice"), "/2.0/repositories/acme"))).toEqual(slugs);
    expect(await collect(api.paginate("repositories/acme"))).toEqual(slugs);
  });

  it("asks for a page only when it is needed", async () => {
    const { mock, api } = await signedInApi({ repositories });
    for await (const item of paginate(api, "repositories/acme")) {
      expect(item["slug"]).toBe("r0");
      break;
    }
    expect(mock.requests.api()).toHaveLength(1);
  });

  it("follows `next` as it is spelled", async () => {
    const next = "https://api.bitbucket.org/2.0/repositories/acme?ctx=a%2Bb%3D&page=Zz";
    const pages: Record<string, object> = {
      "/2.0/repositories/acme": { values: [{ slug: "a" }], next },
      [next]: { values: [{ slug: "b" }] },
    };
    const fetch: typeof globalThis.fetch = async (input) =>
      Response.json(typeof input === "string" ? pages[input] : undefined);
    expect(await collect(paginate(fetch, "/2.0/repositories/acme"))).toEqual(["a", "b"]);
  });

  it.each([
    "https://evil.example/2.0/x",
    "http://api.bitbucket.org/2.0/x",
    "https://api.bitbucket.org@evil.example/",
  ])("does not follow %s: nothing is sent", async (next) => {
    const signedIn = await signedInApi();
    answerNext(signedIn, { values: [], next });
    expect(await rejection(collect(paginate(signedIn.api, "repositories/acme")))).toMatchObject({
      code: "foreign_origin",
    });
    expect(signedIn.mock.requests.all).toHaveLength(1);
  });

  it("ends when the pages lead in a circle", async () => {
    const { mock, api } = await signedInApi();
    const body = JSON.stringify({
      values: [],
      next: "https://api.bitbucket.org/2.0/repositories/acme?page=2",
    });
    mock.faults.when("api", { answer: { headers: { "content-type": "application/json" }, body } });
    expect(await rejection(collect(paginate(api, "repositories/acme")))).toMatchObject({
      code: "api_request_failed",
    });
    expect(mock.requests.api()).toHaveLength(2);
  });

  it("ends with the reason of the signal, between items and in the middle of a call", async () => {
    const { mock, api } = await signedInApi({ repositories });
    const between = new AbortController();
    const seen = rejection(
      (async () => {
        for await (const item of paginate(api, "repositories/acme", { signal: between.signal }))
          if (item["slug"] === "r3") between.abort("enough");
      })(),
    );
    expect(await seen).toBe("enough");
    expect(mock.requests.api()).toHaveLength(1);

    mock.faults.next("api", { hang: true });
    const during = new AbortController();
    const stopped = rejection(collect(paginate(api, "repositories/acme", { signal: during.signal })));
    during.abort("stop");
    expect(await stopped).toBe("stop");
    mock.faults.clear();
  });

  it("says that something is not a list", async () => {
    const { api } = await signedInApi();
    expect(await rejection(collect(paginate(api, "user")))).toMatchObject({
      message: expect.stringContaining("not a page"),
    });
  });
});

describe("getNextPage() and getPreviousPage()", () => {
  it("follow the links with the token of the moment", async () => {
    const { mock, api } = await signedInApi({ repositories });
    const first = await api.get("repositories/acme");
    expect([api.hasNextPage(first), api.hasPreviousPage(first)]).toEqual([true, false]);
    await mock.clock.advance("121m");
    const second = await new Promise<unknown>((resolve) =>
      api.getNextPage(first, (_error, page) => resolve(page)),
    );
    expect(second).toMatchObject({ page: 2 });
    expect(await api.getPreviousPage(second as Record<string, unknown>)).toMatchObject({ page: 1 });
  });

  it("reject where there is none, and where a link leads away: no token goes there", async () => {
    const { mock, api } = await signedInApi();
    expect(await rejection(api.getNextPage({}))).toMatchObject({ code: "invalid_options" });
    expect(await rejection(api.getNextPage({ next: "https://evil.example/" }))).toMatchObject({
      code: "foreign_origin",
    });
    expect(mock.requests.all).toHaveLength(0);
  });
});
