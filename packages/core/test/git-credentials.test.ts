import { gitCredentials } from "../src/git-credentials.ts";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";

describe("gitCredentials()", () => {
  it("gives the user name Bitbucket wants and the token as the password", () => {
    const credentials = gitCredentials("secret-token");
    expect(credentials).toEqual({ username: "x-token-auth", password: "secret-token" });
    expect({ ...credentials }).toEqual({ username: "x-token-auth", password: "secret-token" });
  });

  it("does not show the token when it is printed", () => {
    const credentials = gitCredentials("secret-token");
    const printed = [
      JSON.stringify({ credentials }),
      String(credentials),
      inspect(credentials),
      inspect({ credentials }),
    ];
    for (const text of printed) {
      expect(text).toContain("x-token-auth");
      expect(text).not.toContain("secret-token");
    }
  });
});
