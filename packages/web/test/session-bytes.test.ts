import { describe, expect, it } from "vitest";
import { packSession, unpackSession } from "../src/session.js";

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

  it.each(["{01234567-89ab-cdef-0123-456789abcdef}", "alice"])("keeps the sign-in of %s", (account) => {
    const session = { account, issuedAt: Date.UTC(2026, 10, 22), signedInAt: Date.UTC(2026, 10, 21) };
    expect(unpackSession(packSession(session))).toEqual(session);
  });

  it("needs 29 bytes for a uuid and its sign-in", () => {
    const account = "{01234567-89ab-cdef-0123-456789abcdef}";
    expect(packSession({ account, issuedAt: 1, signedInAt: 1 })).toHaveLength(29);
  });

  it("needs 23 bytes for a uuid", () => {
    expect(packSession({ account: "{01234567-89ab-cdef-0123-456789abcdef}", issuedAt: 1 })).toHaveLength(23);
  });
});

describe("unpackSession()", () => {
  it("reads what versions without a sign-in wrote", () => {
    const written = Buffer.from("00019a9b8c7d6e0123456789abcdef0123456789abcdef", "hex");
    const session = { account: "{01234567-89ab-cdef-0123-456789abcdef}", issuedAt: 0x019a9b8c7d6e };
    expect(unpackSession(written)).toEqual(session);
  });

  it.each([[[]], [[0]], [[0, 0, 0, 0, 0, 0, 1]], [[0, 0, 0, 0, 0, 0, 1, 2]], [[7, 0, 0, 0, 0, 0, 1, 65]]])(
    "refuses %j",
    (bytes) => {
      expect(unpackSession(Uint8Array.from(bytes))).toBeUndefined();
    },
  );
});
