import { describe, expect, it } from "vitest";
import { codeChallenge } from "../src/pkce.ts";

describe("codeChallenge()", () => {
  /** @see https://www.rfc-editor.org/rfc/rfc7636#appendix-B */
  it("gives the example of the RFC", async () => {
    expect(await codeChallenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")).toBe(
      "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    );
  });
});
