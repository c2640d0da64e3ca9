import { sealTokens, serializeTokens } from "../../src/token-endpoint/response.ts";
import { Console } from "node:console";
import { inspect } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";

const plain = {
  accessToken: "access-1",
  refreshToken: "refresh-1",
  expiresAt: 1_800_000_000_000,
  scopes: ["account"],
  tokenType: "bearer",
} as const;

afterEach(() => {
  vi.restoreAllMocks();
});

describe("sealTokens()", () => {
  it("gives every field by its name", () => {
    const { accessToken, refreshToken, expiresAt, scopes, tokenType } = sealTokens(plain);
    expect({ accessToken, refreshToken, expiresAt, scopes, tokenType }).toEqual(plain);
  });

  it("tells since when its account is signed in, where that is known", () => {
    expect(sealTokens(plain, 7).signedInAt).toBe(7);
    expect(JSON.parse(JSON.stringify(sealTokens(plain, 7)))).toEqual({
      tokenType: "bearer",
      expiresAt: plain.expiresAt,
      scopes: plain.scopes,
      hasRefreshToken: true,
      signedInAt: 7,
    });
    expect(JSON.stringify(sealTokens(plain))).not.toContain("signedInAt");
  });

  it.each<readonly [string, () => string]>([
    ["String()", () => String(sealTokens(plain))],
    ["concatenation", () => "".concat(sealTokens(plain) as unknown as string)],
    ["JSON.stringify", () => JSON.stringify({ tokens: sealTokens(plain) })],
    ["inspect", () => inspect(sealTokens(plain))],
    ["inspect with hidden properties", () => inspect(sealTokens(plain), { showHidden: true })],
    [
      "inspect without custom inspection",
      () => inspect(sealTokens(plain), { customInspect: false, showHidden: true, depth: 9, getters: false }),
    ],
    ["inspect of something that holds it", () => inspect({ a: [{ b: sealTokens(plain) }] }, { depth: null })],
    ["inspect with getters", () => inspect(sealTokens(plain), { getters: true })],
    ["a spread", () => JSON.stringify({ ...sealTokens(plain) })],
    ["Object.entries", () => JSON.stringify(Object.entries(sealTokens(plain)))],
    [
      "its property descriptors",
      () => inspect(Object.getOwnPropertyDescriptors(sealTokens(plain)), { depth: 9 }),
    ],
    ["Object.assign", () => JSON.stringify(Object.assign({}, sealTokens(plain)))],
    ["structuredClone", () => JSON.stringify(structuredClone(sealTokens(plain)))],
  ])("shows no token in %s", (_way, print) => {
    expect(print()).not.toMatch(/access-1|refresh-1/);
  });

  it("shows no token on the console", () => {
    const written: string[] = [];
    vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
    new Console(process.stdout).log("got %s %o %j", sealTokens(plain), sealTokens(plain), {
      tokens: sealTokens(plain),
    });
    vi.restoreAllMocks();
    expect(written.join("")).toContain("TokenSet");
    expect(written.join("")).not.toMatch(/access-1|refresh-1/);
  });

  it("is inspected as what a log may say", () => {
    expect(inspect(sealTokens(plain))).toBe(
      'TokenSet {"tokenType":"bearer","expiresAt":1800000000000,"scopes":["account"],"hasRefreshToken":true}',
    );
  });

  it("says in a log what is no secret", () => {
    expect(JSON.parse(JSON.stringify(sealTokens(plain)))).toEqual({
      tokenType: "bearer",
      expiresAt: plain.expiresAt,
      scopes: ["account"],
      hasRefreshToken: true,
    });
    expect(sealTokens({ accessToken: "a", expiresAt: 1, tokenType: "bearer" }).toJSON()).toStrictEqual({
      tokenType: "bearer",
      expiresAt: 1,
      hasRefreshToken: false,
    });
  });

  it("prints an expiry that no date can hold", () => {
    expect(String(sealTokens({ ...plain, expiresAt: Number.MAX_SAFE_INTEGER }))).toContain("TokenSet");
  });

  it("does not change when the tokens it was made of do", () => {
    const changing = { ...plain, scopes: ["account"] };
    const tokens = sealTokens(changing);
    Object.assign(changing, { accessToken: "access-2" });
    changing.scopes.push("admin");
    expect(tokens.accessToken).toBe("access-1");
    expect(tokens.scopes).toEqual(["account"]);
  });

  it("cannot be given another token", () => {
    expect(() => Object.assign(sealTokens(plain), { accessToken: "access-2" })).toThrow(TypeError);
  });
});

describe("serializeTokens()", () => {
  it("is the one way out", () => {
    expect(serializeTokens(sealTokens(plain))).toEqual(plain);
    expect(JSON.stringify(serializeTokens(sealTokens(plain)))).toContain("refresh-1");
  });

  it("has no field for what is unknown", () => {
    expect(serializeTokens({ accessToken: "a", expiresAt: 1, tokenType: "bearer" })).toStrictEqual({
      accessToken: "a",
      expiresAt: 1,
      tokenType: "bearer",
    });
  });

  it("says whose argument is wrong", () => {
    expect(() => Reflect.apply(serializeTokens, undefined, [])).toThrow(
      /^The argument of serializeTokens\(\) /,
    );
  });

  it("survives a round trip through JSON", () => {
    const back = sealTokens(JSON.parse(JSON.stringify(serializeTokens(sealTokens(plain)))));
    expect(serializeTokens(back)).toEqual(plain);
  });
});
