import { afterEach, describe, expect, it, vi } from "vitest";
import { createAuthorizationTransaction } from "../src/authorization/authorization-transaction.ts";
import { readUrl } from "../src/read-url.ts";
import { assertSafeUrl } from "../src/token-endpoint/loopback-or-https.ts";

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
