import { createAuthorizationTransaction } from "../src/authorization/transaction.ts";
import { fromBase64Url, lazy, parseJson, readUrl, toBase64Url } from "../src/text.ts";
import { assertSafeUrl } from "../src/token-endpoint/request.ts";
import { describe, expect, it, vi, afterEach } from "vitest";

describe("lazy()", () => {
  it("makes its value when it is first asked for, and once", () => {
    const make = vi.fn<() => object>(() => ({}));
    const value = lazy(make);
    expect(make).not.toHaveBeenCalled();
    expect(value()).toBe(value());
    expect(make).toHaveBeenCalledTimes(1);
  });

  it("keeps undefined like any other value", () => {
    const make = vi.fn<() => undefined>(() => undefined);
    const value = lazy(make);
    expect([value(), value()]).toEqual([undefined, undefined]);
    expect(make).toHaveBeenCalledTimes(1);
  });
});

describe("readers of text from outside", () => {
  it("answer undefined for what is none of theirs", () => {
    expect([parseJson("{"), readUrl("/2.0/user"), fromBase64Url("a+b"), fromBase64Url("a")]).toEqual(
      Array.from({ length: 4 }),
    );
  });

  it("read what was written", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
    expect(readUrl("https://bitbucket.org/a")?.pathname).toBe("/a");
  });
});

afterEach(() => void vi.restoreAllMocks());

describe("readUrl()", () => {
  it("reads what the platform reads", () => {
    expect(readUrl("https://bücher.example/a?b#c")?.href).toBe("https://xn--bcher-kva.example/a?b#c");
  });

  it.each(["", "/path", "bitbucket.org", "https://", "https://a b/"])(
    "finds no absolute URL in %j",
    (text) => {
      expect(readUrl(text)).toBeUndefined();
    },
  );
});

describe("on a Node whose URL.canParse() says no to good hosts", () => {
  const redirectUri = "https://bücher.example/callback";

  it("a token endpoint is accepted", () => {
    vi.spyOn(URL, "canParse").mockReturnValue(false);
    expect(assertSafeUrl("https://bücher.example/token", "tokenUrl").host).toBe("xn--bcher-kva.example");
  });

  it("a redirect URI is accepted", () => {
    vi.spyOn(URL, "canParse").mockReturnValue(false);
    const transaction = createAuthorizationTransaction({ redirectUri });
    expect(transaction.redirectUri).toBe(redirectUri);
  });
});
