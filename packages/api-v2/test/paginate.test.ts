import { describe, expect, it } from "vitest";
import { paginate, type PageProgress, whoAmI } from "../src/index.ts";
import { rejectionOf, signedInApi, type SignedInApi } from "./signed-in-api.ts";

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
    expect(await rejectionOf(collect(paginate(signedIn.api, "repositories/acme")))).toMatchObject({
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
    expect(await rejectionOf(collect(paginate(api, "repositories/acme")))).toMatchObject({
      code: "api_request_failed",
    });
    expect(mock.requests.api()).toHaveLength(2);
  });

  describe("of a list that never sends `next`", () => {
    /** As pipelines and variables answer: `size`, `page`, `pagelen`, and no link. */
    const counted =
      (
        count: number,
        asked: string[],
        overrides: (page: number) => object = () => ({}),
      ): typeof globalThis.fetch =>
      async (input) => {
        const address = input instanceof Request ? input.url : input;
        const { pathname, search, searchParams: query } = new URL(address, "https://api.bitbucket.org");
        asked.push(pathname + search);
        const page = Number(query.get("page") ?? 1);
        const pagelen = Number(query.get("pagelen") ?? 10);
        const numbers = Array.from({ length: count }, (_, number) => ({ slug: number }));
        const values = numbers.slice((page - 1) * pagelen, page * pagelen);
        return Response.json({ page, pagelen, size: count, values, ...overrides(page) });
      };

    it("asks for one page after the other on the route as the caller spelled it", async () => {
      const asked: string[] = [];
      const route = "/2.0/repositories/acme/site/pipelines?sort=-created_on&pagelen=10&q=a+%7E+%22b%22";
      expect(await collect(paginate(counted(21, asked), route))).toHaveLength(21);
      expect(asked).toEqual([route, `${route}&page=2`, `${route}&page=3`]);
    });

    it("goes on from the page the caller began with, and replaces its number", async () => {
      const asked: string[] = [];
      expect(await collect(paginate(counted(21, asked), "/2.0/x?page=2&pagelen=10"))).toHaveLength(11);
      expect(asked).toEqual(["/2.0/x?page=2&pagelen=10", "/2.0/x?pagelen=10&page=3"]);
    });

    it("sends no request after a full last page, and stops at an empty one when the size was wrong", async () => {
      const exact: string[] = [];
      expect(await collect(paginate(counted(20, exact), "/2.0/x"))).toHaveLength(20);
      expect(exact).toHaveLength(2);
      const wrong: string[] = [];
      expect(
        await collect(
          paginate(
            counted(20, wrong, () => ({ size: 99 })),
            "/2.0/x",
          ),
        ),
      ).toHaveLength(20);
      expect(wrong).toHaveLength(3);
    });

    it.each<readonly [string, object]>([
      ["page", { page: undefined }],
      ["pagelen", { pagelen: undefined }],
      ["page and pagelen", { page: undefined, pagelen: undefined }],
      ["a text in `next`", { next: "" }],
      ["a value in `next`", { next: null }],
    ])("reads it to its end without %s", async (_what, overrides) => {
      const asked: string[] = [];
      expect(
        await collect(
          paginate(
            counted(21, asked, () => overrides),
            "/2.0/x",
          ),
        ),
      ).toHaveLength(21);
      expect(asked).toEqual(["/2.0/x", "/2.0/x?page=2", "/2.0/x?page=3"]);
      const later: string[] = [];
      const fromSecond = paginate(
        counted(21, later, () => overrides),
        "/2.0/x?pagelen=10&page=2",
      );
      expect(await collect(fromSecond)).toHaveLength(11);
      expect(later).toHaveLength(2);
    });

    it("gives no item twice where the server takes no notice of `page` and does not say so", async () => {
      const values = Array.from({ length: 10 }, (_, slug) => ({ slug }));
      const deaf = counted(21, [], () => ({ page: undefined, values }));
      const found: unknown[] = [];
      const items = async (): Promise<void> => {
        for await (const item of paginate(deaf, "/2.0/x")) found.push(item);
      };
      expect(await rejectionOf(items())).toMatchObject({
        code: "api_request_failed",
        message: expect.stringContaining("the page before again when page 2 was asked for"),
      });
      expect(found).toHaveLength(10);
    });

    it("gives no item twice where the server answers the same page again", async () => {
      const stuck = counted(21, [], () => ({ page: 1 }));
      const items = paginate(stuck, "/2.0/x");
      expect(await rejectionOf(collect(items))).toMatchObject({
        code: "api_request_failed",
        message: expect.stringContaining("page 1 when page 2 was asked for"),
      });
    });

    it("does not count on where `next` was sent once: its absence is then the end", async () => {
      const asked: string[] = [];
      const mixed = counted(30, asked, (page) => (page === 1 ? { next: "/2.0/x?page=2" } : {}));
      expect(await collect(paginate(mixed, "/2.0/x"))).toHaveLength(20);
      expect(asked).toHaveLength(2);
    });

    it("asks for the route when it was given such a page alone", async () => {
      const page = { page: 1, pagelen: 1, size: 2, values: [{ slug: "a" }] };
      expect(await rejectionOf(collect(paginate(counted(2, []), page)))).toMatchObject({
        message: expect.stringContaining("Start from the route"),
      });
    });
  });

  it.each<readonly [string, BodyInit | null]>([
    ["nothing", null],
    ["{}", "{}"],
    ["null", "null"],
    ["a list", "[]"],
    ["a state", '{"status":"PENDING"}'],
    ["links alone", '{"links":{}}'],
  ])(
    "rejects with a transient error while a 202 holds %s: the list is still being computed",
    async (_what, body) => {
      const headers = { "content-type": "application/json", "retry-after": "7" };
      const pending: typeof globalThis.fetch = async () => new Response(body, { status: 202, headers });
      expect(await rejectionOf(collect(paginate(pending, "/2.0/x")))).toMatchObject({
        status: 202,
        transient: true,
        retryAt: expect.any(Number),
      });
    },
  );

  it("takes a page for one, also with 202", async () => {
    const accepted: typeof globalThis.fetch = async () =>
      Response.json({ values: [{ slug: "a" }] }, { status: 202 });
    expect(await collect(paginate(accepted, "/2.0/x"))).toEqual(["a"]);
  });

  it("rejects with a transient error for the web page of a proxy", async () => {
    const page = (): Response =>
      new Response("<html>Maintenance</html>", { headers: { "content-type": "text/html; charset=utf-8" } });
    expect(await rejectionOf(collect(paginate(async () => page(), "/2.0/x")))).toMatchObject({
      code: "api_request_failed",
      status: 200,
      transient: true,
      action: "retry",
    });
  });

  it("rejects with a transient error while the list is still being computed", async () => {
    const pending: typeof globalThis.fetch = async () => new Response(null, { status: 202 });
    expect(await rejectionOf(collect(paginate(pending, "/2.0/x")))).toMatchObject({
      code: "api_request_failed",
      status: 202,
      transient: true,
      action: "retry",
    });
  });

  it("ends with the reason of the signal, between items and in the middle of a call", async () => {
    const { mock, api } = await signedInApi({ repositories });
    const between = new AbortController();
    const seen = rejectionOf(
      (async () => {
        for await (const item of paginate(api, "repositories/acme", { signal: between.signal }))
          if (item["slug"] === "r3") between.abort("enough");
      })(),
    );
    expect(await seen).toBe("enough");
    expect(mock.requests.api()).toHaveLength(1);

    mock.faults.next("api", { hang: true });
    const during = new AbortController();
    const stopped = rejectionOf(collect(paginate(api, "repositories/acme", { signal: during.signal })));
    during.abort("stop");
    expect(await stopped).toBe("stop");
    mock.faults.clear();
  });

  it("rejects for an answer that is not a list", async () => {
    const { api } = await signedInApi();
    expect(await rejectionOf(collect(paginate(api, "user")))).toMatchObject({
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
    expect(await rejectionOf(api.getNextPage({}))).toMatchObject({ code: "invalid_options" });
    expect(await rejectionOf(api.getNextPage({ next: "https://evil.example/" }))).toMatchObject({
      code: "foreign_origin",
    });
    expect(mock.requests.all).toHaveLength(0);
  });
});

describe("whoAmI()", () => {
  it("whoAmI() names the user, with an API object, with a fetch, and as a method", async () => {
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
    expect(await rejectionOf(whoAmI(api))).toMatchObject({ code: "scope_missing", required: ["account"] });
  });

  it.each(["{}", "[]", '{"uuid":7}', '{"uuid":""}', "null"])("takes %s for no answer", async (body) => {
    const { mock, api } = await signedInApi();
    mock.faults.next("api", { answer: { headers: { "content-type": "application/json" }, body } });
    expect(await rejectionOf(whoAmI(api))).toMatchObject({ code: "api_request_failed", transient: true });
  });
});
