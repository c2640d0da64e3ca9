import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { InvalidOptionsError } from "../../src/errors.ts";
import { assertEncryptionKeys, howToMakeAKey } from "../../src/storage/encryption.ts";
import type { EncryptionKeys } from "../../src/storage/token-storage.ts";

const key = new Uint8Array(32).fill(7);
/** What a caller without types may pass. */
const untyped = (value: unknown): EncryptionKeys => value as EncryptionKeys;

describe("assertEncryptionKeys()", () => {
  it.each(["k1", "2026-11", "A_b-9", "x".repeat(64)])("takes 32 bytes under the id %s", (id) => {
    expect(() => assertEncryptionKeys({ current: id, keys: { [id]: key } })).not.toThrow();
  });

  it("takes 32 bytes of another realm, and no other kind of view", () => {
    const foreign: unknown = runInNewContext("new Uint8Array(32).fill(7)");
    const keysOf = (k1: unknown): EncryptionKeys => ({ current: "k1", keys: { k1: k1 as Uint8Array } });
    expect(foreign).not.toBeInstanceOf(Uint8Array);
    expect(() => assertEncryptionKeys(keysOf(foreign))).not.toThrow();
    for (const view of [new Uint16Array(16), new DataView(new ArrayBuffer(32)), new ArrayBuffer(32)])
      expect(() => assertEncryptionKeys(keysOf(view))).toThrow(/not 32 bytes/);
  });

  it("takes a Buffer, which is a Uint8Array", () => {
    expect(() => assertEncryptionKeys({ current: "k1", keys: { k1: Buffer.alloc(32, 7) } })).not.toThrow();
  });

  it.each<readonly [string, unknown]>([
    ["31 bytes", { current: "k1", keys: { k1: new Uint8Array(31) } }],
    ["33 bytes", { current: "k1", keys: { k1: new Uint8Array(33) } }],
    ["a passphrase of 32 characters", { current: "k1", keys: { k1: "x".repeat(32) } }],
    ["32 numbers in an array", { current: "k1", keys: { k1: Array.from({ length: 32 }, () => 7) } }],
    ["an old key that is none", { current: "k1", keys: { k1: key, k0: new Uint8Array(16) } }],
    ["a current key that is not there", { current: "k2", keys: { k1: key } }],
    ["a current key that every object has", { current: "constructor", keys: { k1: key } }],
    ["no keys at all", { current: "k1" }],
    ["keys that are null", { current: "k1", keys: null }],
    ["no current", { keys: { k1: key } }],
    ["a passphrase alone", "correct horse battery staple"],
    ["a key alone", key],
    ["undefined", undefined],
  ])("refuses %s and says how to make a key", (_what, given) => {
    expect(() => assertEncryptionKeys(untyped(given))).toThrow(InvalidOptionsError);
    expect(() => assertEncryptionKeys(untyped(given))).toThrow(howToMakeAKey);
  });

  it.each(["a.b", "", "ä", "x".repeat(65), "a b"])("refuses the key id %j", (id) => {
    const refused = (): void => assertEncryptionKeys({ current: id, keys: { [id]: key } });
    expect(refused).toThrow(InvalidOptionsError);
    expect(refused).toThrow("key id must be 1 to 64 letters, digits");
  });

  it("says what shape keys have when there is no current, or one that is no text", () => {
    const shape = "encryption must be { current, keys } or { provider }.";
    expect(() => assertEncryptionKeys(untyped({ keys: { k1: key } }))).toThrow(shape);
    expect(() => assertEncryptionKeys(untyped({ current: 1, keys: { 1: key } }))).toThrow(shape);
  });

  it("does not repeat a passphrase", () => {
    const given = { current: "k1", keys: { k1: "correct horse battery staple" } };
    expect(() => assertEncryptionKeys(untyped(given))).not.toThrow(/horse/);
  });

  it("explains itself with a command that makes 32 bytes", () => {
    expect(howToMakeAKey).toContain("randomBytes(32)");
  });
});
