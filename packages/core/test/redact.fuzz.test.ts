import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRedactor } from "../src/redact.ts";

describe("createRedactor()", () => {
  it("lets no secret through in any text", { timeout: 60_000 }, () => {
    const secrets = fc.array(fc.string({ minLength: 4, maxLength: 30 }), { minLength: 1, maxLength: 4 });
    const parts = fc.array(fc.oneof(fc.nat({ max: 3 }), fc.string()));
    const holds = fc.property(secrets, parts, (sent, said) => {
      const text = createRedactor(sent)(
        said.map((part) => (typeof part === "number" ? sent[part] : part)).join(""),
      );
      const left = text.replaceAll("[redacted]", "\n");
      return sent.every((secret) => secret.trim() !== secret || !left.includes(secret));
    });
    expect(fc.check(holds, { numRuns: 5_000 }).counterexample).toBeNull();
  });
});
