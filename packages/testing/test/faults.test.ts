import { describe, expect, it } from "vitest";
import { createBitbucketMock, type Fault, type Op, type RequestPattern } from "../src/index.ts";
import { recordedApiErrors, recordedTokenErrors } from "./recorded.ts";
import { basic, callApi, postToken, refresh, reply } from "./token-request.ts";

const clientCredentials = { grant_type: "client_credentials" };

describe("faults.next() and faults.when()", () => {
  it("meets as many requests as it was told, then no more", async () => {
    const mock = createBitbucketMock();
    mock.faults.next("token", { status: 503 }, 2);
    const statuses: number[] = [];
    for (let sent = 0; sent < 3; sent += 1) statuses.push((await postToken(mock, clientCredentials)).status);
    expect(statuses).toEqual([503, 503, 200]);
  });

  it("meets only what it was meant for", async () => {
    const mock = createBitbucketMock();
    mock.faults.next("token:refresh_token", { status: 503 });
    expect((await postToken(mock, clientCredentials)).status).toBe(200);
    expect(
      (await refresh(mock, mock.issueGrant().tokens.refreshToken).catch(() => ({ status: 503 }))).status,
    ).toBe(503);
  });

  it("refuses an operation that does not exist, which would never meet a request", () => {
    const { faults } = createBitbucketMock();
    // As a program without types could say it.
    const [op] = JSON.parse('["token:refresh"]') as [Op];
    expect(() => faults.next(op, { status: 503 })).toThrow(
      "Not an operation: token:refresh. Known are any, ",
    );
    expect(() => faults.when({ op, path: "/2.0/user" }, { status: 503 })).toThrow("Not an operation");
  });

  it("refuses a matcher with a misspelt part, which would meet every request", () => {
    const { faults } = createBitbucketMock();
    const matcher: RequestPattern = JSON.parse('{"pth":"/2.0/user"}');
    expect(() => faults.when(matcher, { status: 401 })).toThrow(
      'A matcher has no option "pth". It takes: op, method, path, clientId, grantId.',
    );
  });

  it("refuses a number of times that is none: with it the fault would stay for good", () => {
    const { faults } = createBitbucketMock();
    const [times] = JSON.parse('[{"times":2}]') as [number];
    expect(() => faults.next("token", { status: 503 }, times)).toThrow("times must be a number of 1 or more");
    expect(() => faults.when("token", { status: 503 }, JSON.parse('{"time":2}'))).toThrow(
      'faults.when() has no option "time". It takes: times.',
    );
  });

  it("meets a method however it is written", async () => {
    const mock = createBitbucketMock();
    mock.faults.when({ op: "token", method: "post" }, { status: 503 });
    expect((await postToken(mock, clientCredentials)).status).toBe(503);
  });

  it.each([
    [{ status: 503, retryafter: 1 }, 'A fault has no option "retryafter"'],
    [{ answer: { status: 503, header: {} } }, 'The answer of a fault has no option "header"'],
  ])("refuses %j, of which a part would change nothing", (given, words) => {
    const { faults } = createBitbucketMock();
    const fault: Fault = JSON.parse(JSON.stringify(given));
    expect(() => faults.next("token", fault)).toThrow(words);
  });

  it("takes undefined for what is left out", async () => {
    const mock = createBitbucketMock();
    mock.faults.next("token", { status: 503, retryAfter: undefined, body: undefined });
    expect((await postToken(mock, clientCredentials)).status).toBe(503);
  });

  it("refuses a fault of no known kind, under which a test would pass untried", () => {
    const { faults } = createBitbucketMock();
    // As a program without types could say it.
    const [fault] = JSON.parse('[{ "statusCode": 503 }]') as [Fault];
    expect(() => faults.next("token", fault)).toThrow(
      "Not a fault: it has statusCode. Known are status, oauth, ",
    );
  });

  it("picks requests by grant, by path and by any test", async () => {
    const mock = createBitbucketMock();
    const one = mock.issueGrant();
    const two = mock.issueGrant();
    const byGrant = mock.faults.when({ op: "api", grantId: two.id }, { status: 500 });
    expect((await callApi(mock, "/2.0/user", one.tokens.accessToken)).status).toBe(200);
    expect((await callApi(mock, "/2.0/user", two.tokens.accessToken)).status).toBe(500);
    expect(byGrant.hits()).toBe(1);
    byGrant.remove();
    mock.faults.when({ path: /emails$/ }, { status: 502 });
    mock.faults.when((request) => request.path === "/2.0/user", { status: 504 });
    expect((await callApi(mock, "/2.0/user/emails", one.tokens.accessToken)).status).toBe(502);
    expect((await callApi(mock, "/2.0/user", one.tokens.accessToken)).status).toBe(504);
    mock.faults.clear();
    expect((await callApi(mock, "/2.0/user", one.tokens.accessToken)).status).toBe(200);
  });

  it("picks requests by consumer and by method", async () => {
    const mock = createBitbucketMock({ consumers: [{ clientId: "one" }, { clientId: "two" }] });
    mock.faults.when({ clientId: "two" }, { status: 500 });
    mock.faults.when({ method: "DELETE" }, { status: 502 });
    expect((await postToken(mock, clientCredentials)).status).toBe(200);
    const two = { authorization: basic(mock.consumers[1]) };
    expect((await postToken(mock, clientCredentials, two)).status).toBe(500);
    expect((await mock.fetch(`${mock.urls.api}/2.0/user`, { method: "DELETE" })).status).toBe(502);
  });

  it("fires the one arranged first", async () => {
    const mock = createBitbucketMock();
    mock.faults.next("token", { status: 502 });
    mock.faults.next("token", { status: 503 });
    expect((await postToken(mock, clientCredentials)).status).toBe(502);
    expect((await postToken(mock, clientCredentials)).status).toBe(503);
  });
});

describe("a fault that fires instead of the endpoint", () => {
  it.each<[string, Fault, number, string, RegExp]>([
    ["429 in the dialect", { status: 429 }, 429, "application/json", /Rate limit for this resource/],
    [
      "429 as text",
      { status: 429, body: "text" },
      429,
      "text/plain",
      /^Rate limit for this resource has been exceeded$/,
    ],
    ["503 as a page", { status: 503 }, 503, "text/html", /<html>/],
    ["500 without a body", { status: 500, body: "empty" }, 500, "", /^$/],
    ["an exact answer", { answer: { status: 201, body: "{}" } }, 201, "application/json", /^\{\}$/],
    ["a redirect", { redirect: 307, to: "https://elsewhere.example/" }, 307, "", /^$/],
  ])("answers %s and changes nothing", async (_what, fault, status, contentType, body) => {
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    mock.faults.next("token", fault);
    const answer = await mock.fetch(mock.urls.token, {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams({
        grant_type: "refresh_token",
        refresh_token: grant.tokens.refreshToken ?? "",
      }),
    });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type") ?? "").toContain(contentType);
    expect(await answer.text()).toMatch(body);
    expect(mock.grant(grant).generation).toBe(1);
  });

  it("answers the API in the API's words", async () => {
    const mock = createBitbucketMock();
    const bodies = [
      [401, recordedApiErrors.invalid],
      [403, recordedApiErrors.forbidden],
      [429, recordedApiErrors.rateLimited],
    ] as const;
    for (const [status, body] of bodies) {
      mock.faults.next("api", { status });
      const answer = await callApi(mock, "/2.0/user", "any");
      expect(answer.status).toBe(status);
      expect(await answer.json()).toEqual(JSON.parse(body));
    }
    mock.faults.next("api", { status: 404 });
    expect(await (await callApi(mock, "/2.0/user", "any")).json()).toMatchObject({
      error: { message: "Resource not found" },
    });
  });

  it("tells when to come back, in seconds or as a date", async () => {
    const mock = createBitbucketMock();
    mock.faults.next("token", { status: 429, retryAfter: 30 });
    mock.faults.next("token", { status: 503, retryAfter: new Date(Date.UTC(2027, 0, 1)) });
    mock.faults.next("token", { status: 503 });
    const [seconds, date, silent] = [
      await postToken(mock, clientCredentials),
      await postToken(mock, clientCredentials),
      await postToken(mock, clientCredentials),
    ];
    expect(seconds.headers.get("retry-after")).toBe("30");
    expect(seconds.headers.get("x-ratelimit-remaining")).toBe("0");
    expect(date.headers.get("retry-after")).toBe("Fri, 01 Jan 2027 00:00:00 GMT");
    expect(silent.headers.has("retry-after")).toBe(false);
  });

  it.each(["invalid_grant", "invalid_client", "invalid_scope", "invalid_request"] as const)(
    "says %s",
    async (oauth) => {
      const mock = createBitbucketMock();
      mock.faults.next("token", { oauth });
      expect(await reply(await postToken(mock, clientCredentials))).toMatchObject({
        status: 400,
        body: { error: oauth },
      });
    },
  );

  it("says unauthorized_client in Bitbucket's words", async () => {
    const mock = createBitbucketMock();
    mock.faults.next("token", { oauth: "unauthorized_client" });
    const { body } = await reply(await postToken(mock, clientCredentials));
    expect(body).toEqual(JSON.parse(recordedTokenErrors.wrongCredentials));
  });

  it.each([
    ["reset", "ECONNRESET"],
    ["refused", "ECONNREFUSED"],
    ["dns", "ENOTFOUND"],
  ] as const)("breaks the network: %s rejects as Node's fetch does", async (network, code) => {
    const mock = createBitbucketMock();
    mock.faults.next("token", { network });
    await expect(postToken(mock, clientCredentials)).rejects.toMatchObject({
      name: "TypeError",
      cause: { code },
    });
    expect(mock.requests.all).toMatchObject([{ fault: "network" }]);
  });

  it("hangs until the faults are cleared", async () => {
    const mock = createBitbucketMock();
    const handle = mock.faults.when("token", { hang: true });
    const answer = postToken(mock, clientCredentials);
    while (handle.hits() === 0) await new Promise(setImmediate);
    mock.faults.clear();
    await expect(answer).rejects.toMatchObject({ cause: { code: "ECONNRESET" } });
  });

  it("delays, and answers all the same", async () => {
    const mock = createBitbucketMock();
    mock.faults.next("token", { delay: 1 });
    expect((await postToken(mock, clientCredentials)).status).toBe(200);
  });
});

describe("a fault after the change", () => {
  it.each<[string, Fault]>([
    ["malformed JSON", { body: "malformed-json" }],
    ["a broken body", { body: "truncated" }],
    ["a page", { body: "html" }],
    ["an empty body", { body: "empty" }],
  ])("rotates, then answers with %s", async (_what, fault) => {
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    mock.faults.next("token", fault);
    const answer = await postToken(mock, {
      grant_type: "refresh_token",
      refresh_token: grant.tokens.refreshToken,
    });
    expect(answer.status).toBe(200);
    await expect(answer.json()).rejects.toBeInstanceOf(Error);
    expect(mock.grant(grant).generation).toBe(2);
  });

  it("leaves a refusal and a page as they are", async () => {
    const mock = createBitbucketMock({ autoApprove: false });
    mock.faults.when("any", { fields: { access_token: "x" } });
    expect((await refresh(mock, "never issued")).body).toEqual(
      JSON.parse(recordedTokenErrors.wrongCredentials),
    );
    const page = `${mock.urls.authorize}?response_type=code&client_id=${mock.consumers[0]?.clientId}`;
    expect(await (await mock.fetch(page)).text()).toContain("<html");
  });

  it("mistypes members, leaves some out, replaces others", async () => {
    const mock = createBitbucketMock();
    mock.faults.next("token", { body: "wrong-types" });
    mock.faults.next("token", { body: "missing-refresh-token" });
    mock.faults.next("token", { fields: { expires_in: "3600" }, without: ["token_type", "scope"] });
    mock.faults.next("token", { body: "text-plain" });
    const answers: Response[] = [];
    let token = mock.issueGrant().tokens.refreshToken;
    const send = async (): Promise<Record<string, unknown>> => {
      const answer = await postToken(mock, { grant_type: "refresh_token", refresh_token: token });
      answers.push(answer);
      return (await answer.json()) as Record<string, unknown>;
    };
    expect(await send()).toMatchObject({ access_token: 7200, refresh_token: [], expires_in: {} });
    token = mock.grant("grant-1").tokens.refreshToken;
    expect(await send()).not.toHaveProperty("refresh_token");
    token = mock.grant("grant-1").tokens.refreshToken;
    const replaced = await send();
    expect(replaced["expires_in"]).toBe("3600");
    expect(replaced).not.toHaveProperty("token_type");
    token = mock.grant("grant-1").tokens.refreshToken;
    await send();
    expect(answers.at(-1)?.headers.get("content-type")).toContain("text/plain");
  });

  it.each([
    ["reset", undefined],
    [500, 500],
  ] as const)("commitThen: %s rotates and loses the answer", async (commitThen, status) => {
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    mock.faults.next("token", { commitThen });
    const answer = await postToken(mock, {
      grant_type: "refresh_token",
      refresh_token: grant.tokens.refreshToken,
    }).catch(() => undefined);
    expect(answer?.status).toBe(status);
    expect(mock.grant(grant).generation).toBe(2);
  });

  it("commitThen: hang rotates and says nothing until the client gives up", async () => {
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    mock.faults.next("token", { commitThen: "hang" });
    const rotated = new Promise((resolve) => mock.on("token.rotated", resolve));
    const giveUp = new AbortController();
    const answer = mock.fetch(mock.urls.token, {
      method: "POST",
      signal: giveUp.signal,
      headers: { authorization: `Basic ${btoa(Object.values(grant.clientOptions).slice(0, 2).join(":"))}` },
      body: new URLSearchParams({
        grant_type: "refresh_token",
        refresh_token: grant.tokens.refreshToken ?? "",
      }),
    });
    await rotated;
    giveUp.abort();
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
    expect(mock.grant(grant).generation).toBe(2);
  });
});
