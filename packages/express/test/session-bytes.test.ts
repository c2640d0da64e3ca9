import { describe, expect, it } from "vitest";
import { packSession, unpackSession } from "../src/session-bytes.js";

describe("packSession()", () => {
  it.each([
    "{01234567-89ab-cdef-0123-456789abcdef}",
    "alice",
    "älice",
    "{01234567-89AB-CDEF-0123-456789ABCDEF}",
  ])("keeps %s", (account) => {
    const session = { account, issuedAt: Date.UTC(2026, 10, 22) };
    expect(unpackSession(packSession(session))).toEqual(session);
  });

  it("needs 23 bytes for a uuid", () => {
    expect(packSession({ account: "{01234567-89ab-cdef-0123-456789abcdef}", issuedAt: 1 })).toHaveLength(23);
  });
});

describe("unpackSession()", () => {
  it.each([[[]], [[0]], [[0, 0, 0, 0, 0, 0, 1]], [[0, 0, 0, 0, 0, 0, 1, 2]], [[7, 0, 0, 0, 0, 0, 1, 65]]])(
    "refuses %j",
    (bytes) => {
      expect(unpackSession(Uint8Array.from(bytes))).toBeUndefined();
    },
  );
});
