import { describe, expect, it } from "vitest";
import { createSessionCookie, type Session } from "../src/session.js";
import { fromHeaders, privateAnswer } from "../src/exchange.js";

const secrets = {
  cookieSecrets: ["a cookie secret for tests, not for you"],
  cookiePrefix: "bb_",
  baseUrl: undefined,
};
const session: Session = { account: "ann", issuedAt: 1_800_000_000_000 };

/** A keeper, and the cookie that it sets. */
async function kept(account = "ann", secure = false) {
  const keeper = createSessionCookie(secrets);
  const answer = privateAnswer(200);
  const scheme = new Headers({ "x-forwarded-proto": secure ? "https" : "http" });
  await keeper.open(fromHeaders(scheme), answer, { ...session, account });
  const [line = ""] = answer.cookies;
  const cookie = line.split(";", 1).join("");
  const read = (sent: string, proto = "http") =>
    keeper.read(fromHeaders(new Headers({ cookie: sent, "x-forwarded-proto": proto })));
  return { keeper, cookie, read };
}

describe("createSessionCookie()", () => {
  it("answers without a promise for a header that it has seen, and for one with the same cookie among others", async () => {
    const { cookie, read } = await kept();
    expect(read(cookie)).toBeInstanceOf(Promise);
    expect(await read(cookie)).toEqual(session);
    for (const line of [cookie, `${cookie}; theme=dark`, `theme=dark; ${cookie}`, `a=b;${cookie};c=d`])
      for (let time = 0; time < 2; time++) expect(read(line)).toEqual(session);
  });

  it("judges a header it has seen by every byte: the same end, length and tag are not enough", async () => {
    const { cookie, read } = await kept();
    await read(cookie);
    expect(read(cookie)).toEqual(session);
    for (let at = "bb_session=".length; at < cookie.length; at += 7) {
      const damaged = cookie.slice(0, at) + (cookie[at] === "A" ? "B" : "A") + cookie.slice(at + 1);
      expect(await read(damaged)).toBeUndefined();
    }
    expect(read(cookie)).toEqual(session);
  });

  it("does not take over https what it has seen over http", async () => {
    const { cookie, read } = await kept();
    await read(cookie);
    expect(read(cookie)).toEqual(session);
    expect(read(cookie, "https")).toBeUndefined();
    expect(read(cookie)).toEqual(session);
  });

  it("takes none of two, also when it has seen each of them", async () => {
    const { cookie, read } = await kept();
    await read(cookie);
    expect(read(cookie)).toEqual(session);
    expect(read(`${cookie}; ${cookie}`)).toBeUndefined();
    expect(read(`bb_session=x; ${cookie}`)).toBeUndefined();
  });

  it("takes no cookie for its own whose name or value only holds the name", async () => {
    const { cookie, read } = await kept();
    await read(cookie);
    expect(read(`x${cookie}`)).toBeUndefined();
    expect(read(`a=x ${cookie}`)).toBeUndefined();
    expect(read(`other_${cookie}; ${cookie}`)).toEqual(session);
  });
});
