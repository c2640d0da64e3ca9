import * as fc from "fast-check";
import { StorageError } from "../../src/errors.ts";
import {
  type EncryptionOptions,
  type KeyProvider,
  createRecordCipher,
  plaintextCipher,
  type RecordCipher,
} from "../../src/storage/encryption.ts";
import { decodeTokenRecord, encodeTokenRecord } from "../../src/storage/record.ts";
import type { EncryptionKeys } from "../../src/storage/token-storage.ts";
import { toBase64Url } from "../../src/text.ts";
import { fullRecord } from "./sample-record.ts";
import { describe, expect, it } from "vitest";
import { rejectionOf } from "../promises.ts";

const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const oneKey: EncryptionKeys = { current: "k1", keys: { k1: key(1) } };
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
/** Of this test's realm: under jsdom a `TextEncoder` gives bytes of Node's. */
const bytes = (value: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(value));
const secret = bytes("access-1 and refresh-1");

function countingProvider(...answers: readonly (EncryptionKeys | Error)[]): {
  readonly provider: KeyProvider;
  readonly asked: () => number;
} {
  let asked = 0;
  return {
    provider: () => {
      const answer = answers[Math.min(asked++, answers.length - 1)];
      if (answer instanceof Error || !answer) throw answer ?? new Error("no answer");
      return answer;
    },
    asked: () => asked,
  };
}

describe("createRecordCipher()", () => {
  it("opens what it sealed", async () => {
    const cipher = createRecordCipher(oneKey);
    expect(await cipher.open("ann", await cipher.seal("ann", secret))).toEqual(secret);
  });

  it("opens what another process sealed with the same key", async () => {
    const sealed = await createRecordCipher(oneKey).seal("ann", secret);
    expect(await createRecordCipher(oneKey).open("ann", sealed)).toEqual(secret);
  });

  it("opens 64 kB and nothing at all", async () => {
    const cipher = createRecordCipher(oneKey);
    for (const plain of [new Uint8Array(0), crypto.getRandomValues(new Uint8Array(65_536))]) {
      expect(await cipher.open("ann", await cipher.seal("ann", plain))).toEqual(plain);
    }
  });

  it("writes envelope, key id, 16 bytes of salt, 12 of nonce and the ciphertext with its tag", async () => {
    const parts = text(await createRecordCipher(oneKey).seal("ann", secret)).split(".");
    expect(parts.slice(0, 2)).toEqual(["bb1", "k1"]);
    expect(parts.slice(2).map((part) => Math.floor((part.length * 3) / 4))).toEqual([
      16,
      12,
      secret.length + 16,
    ]);
  });

  it("takes a fresh salt and a fresh nonce for every write", async () => {
    const cipher = createRecordCipher(oneKey);
    const writes = await Promise.all(Array.from({ length: 100 }, () => cipher.seal("ann", secret)));
    const parts = writes.map((write) => text(write).split("."));
    expect(new Set(parts.map(([, , salt]) => salt)).size).toBe(100);
    expect(new Set(parts.map(([, , , nonce]) => nonce)).size).toBe(100);
    expect(new Set(parts.map(([, , , , sealed]) => sealed)).size).toBe(100);
  });

  it("leaves no token and no base64 of one in the bytes", async () => {
    const record = fullRecord({ accessToken: "access-token-of-ann", refreshToken: "refresh-token-of-ann" });
    const sealed = text(await createRecordCipher(oneKey).seal("ann", encodeTokenRecord(record)));
    for (const token of ["access-token-of-ann", "refresh-token-of-ann"]) {
      for (const offset of [0, 1, 2]) {
        const middle = toBase64Url(bytes(" ".repeat(offset) + token)).slice(4, -4);
        expect(sealed).not.toContain(middle);
      }
      expect(sealed).not.toContain(token);
    }
  });

  it("refuses a record that was moved under another key, both ways, and leaves both intact", async () => {
    const cipher = createRecordCipher(oneKey);
    const [ann, bob] = [await cipher.seal("ann", bytes("ann's")), await cipher.seal("bob", bytes("bob's"))];
    const [annBefore, bobBefore] = [ann.slice(), bob.slice()];
    const swapped = await Promise.all([
      rejectionOf(cipher.open("ann", bob)),
      rejectionOf(cipher.open("bob", ann)),
    ]);
    for (const error of swapped) {
      expect(error).toMatchObject({ code: "record_unreadable", reason: "unreadable", action: "fix_config" });
    }
    expect([ann, bob]).toEqual([annBefore, bobBefore]);
    expect(text(await cipher.open("ann", ann))).toBe("ann's");
    expect(text(await cipher.open("bob", bob))).toBe("bob's");
  });

  it("refuses a record with any one bit flipped, wherever it is", async () => {
    const cipher = createRecordCipher(oneKey);
    const good = await cipher.seal("ann", secret);
    const flips = [...good.keys()].flatMap((at) => Array.from({ length: 8 }, (_, bit) => ({ at, bit })));
    const opened = await Promise.all(
      flips.map(async ({ at, bit }) => {
        const damaged = good.with(at, (good[at] ?? 0) ^ (1 << bit));
        const error = await rejectionOf(cipher.open("ann", damaged));
        return { at, bit, code: error instanceof Error && "code" in error ? error.code : error };
      }),
    );
    expect(opened.filter(({ code }) => code !== "record_unreadable")).toEqual([]);
  });

  it("answers its own error for whatever else it finds", async () => {
    const cipher = createRecordCipher(oneKey);
    const good = text(await cipher.seal("ann", secret));
    const junk = fc.oneof(
      fc.uint8Array(),
      fc.string().map((tail) => bytes(`bb1.k1.${tail}`)),
      fc.nat(good.length - 1).map((length) => bytes(good.slice(0, length))),
      fc.string({ minLength: 1 }).map((tail) => bytes(`${good}${tail}`)),
    );
    await fc.assert(
      fc.asyncProperty(junk, async (found) => {
        expect(await rejectionOf(cipher.open("ann", found))).toMatchObject({ code: "record_unreadable" });
      }),
      { numRuns: 500 },
    );
  });

  it("calls a key id it does not have by its name", async () => {
    const sealed = await createRecordCipher({ current: "k0", keys: { k0: key(0) } }).seal("ann", secret);
    const error = await rejectionOf(createRecordCipher(oneKey).open("ann", sealed));
    expect(error).toMatchObject({ code: "record_unreadable", reason: "unknown_key", action: "fix_config" });
    expect(String(error)).toContain('"k0"');
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
    "does not take %s of every object for a key",
    async (id) => {
      const cipher = createRecordCipher(oneKey);
      const [, , ...rest] = text(await cipher.seal("ann", secret)).split(".");
      const error = await rejectionOf(cipher.open("ann", bytes(["bb1", id, ...rest].join("."))));
      expect(error).toMatchObject({ reason: "unknown_key" });
    },
  );

  it("refuses a record of the same key id and another key", async () => {
    const sealed = await createRecordCipher({ current: "k1", keys: { k1: key(9) } }).seal("ann", secret);
    expect(await rejectionOf(createRecordCipher(oneKey).open("ann", sealed))).toMatchObject({
      reason: "unreadable",
    });
  });

  it("still opens with an old key and writes with the current one", async () => {
    const old = await createRecordCipher(oneKey).seal("ann", secret);
    const rotated = createRecordCipher({ current: "k2", keys: { k1: key(1), k2: key(2) } });
    expect(await rotated.open("ann", old)).toEqual(secret);
    expect(text(await rotated.seal("ann", secret))).toMatch(/^bb1\.k2\./);
  });

  it("refuses plaintext unless it is told to migrate it", async () => {
    const plain = encodeTokenRecord(fullRecord());
    expect(await rejectionOf(createRecordCipher(oneKey).open("ann", plain))).toMatchObject({
      code: "record_unreadable",
      reason: "plaintext",
    });
    const migrating = createRecordCipher({ ...oneKey, migratePlaintext: true });
    expect(decodeTokenRecord(await migrating.open("ann", plain))).toEqual(fullRecord());
    expect(text(await migrating.seal("ann", plain))).toMatch(/^bb1\./);
  });

  it("shows neither plaintext nor key in an error", async () => {
    const plain = encodeTokenRecord(fullRecord());
    const error = await rejectionOf(createRecordCipher(oneKey).open("ann", plain));
    expect(JSON.stringify([error, String(error)])).not.toMatch(/access-1|refresh-1/);
  });
});

describe("createRecordCipher() with a key provider", () => {
  it("asks once for any number of records", async () => {
    const { provider, asked } = countingProvider(oneKey);
    const cipher = createRecordCipher({ provider });
    await Promise.all(Array.from({ length: 20 }, () => cipher.seal("ann", secret)));
    expect(asked()).toBe(1);
  });

  it("asks again when it meets a key id that it does not know", async () => {
    const newer: EncryptionKeys = { current: "k2", keys: { k1: key(1), k2: key(2) } };
    const { provider, asked } = countingProvider(oneKey, newer);
    const cipher = createRecordCipher({ provider });
    await cipher.seal("ann", secret);
    const sealedElsewhere = await createRecordCipher(newer).seal("ann", secret);
    expect(await cipher.open("ann", sealedElsewhere)).toEqual(secret);
    expect(asked()).toBe(2);
    expect(text(await cipher.seal("ann", secret))).toMatch(/^bb1\.k2\./);
  });

  it("asks again after its own failure, which it reports as a storage that may be back later", async () => {
    const { provider, asked } = countingProvider(new RangeError("vault token s.123"), oneKey);
    const cipher = createRecordCipher({ provider });
    const error = await rejectionOf(cipher.seal("ann", secret));
    expect(error).toMatchObject({ code: "storage_failed", transient: true });
    expect(JSON.stringify([error, String(error)])).not.toContain("s.123");
    expect(text(await cipher.seal("ann", secret))).toMatch(/^bb1\.k1\./);
    expect(asked()).toBe(2);
  });

  it("goes on with the keys it has when the provider fails over a key id it does not know", async () => {
    const { provider, asked } = countingProvider(oneKey, new Error("down"));
    const cipher = createRecordCipher({ provider });
    await cipher.fingerprint("refresh-1");
    const foreign = await createRecordCipher({ current: "k9", keys: { k9: key(9) } }).seal("ann", secret);
    expect(await rejectionOf(cipher.open("ann", foreign))).toMatchObject({ code: "storage_failed" });
    expect(text(await cipher.seal("ann", secret))).toMatch(/^bb1\.k1\./);
    expect(await cipher.fingerprint("refresh-2")).toHaveLength(22);
    expect(asked()).toBe(2);
  });

  it("refuses keys of a provider that are none", async () => {
    const { provider } = countingProvider({ current: "k1", keys: { k1: new Uint8Array(31) } });
    expect(await rejectionOf(createRecordCipher({ provider }).seal("ann", secret))).toMatchObject({
      code: "invalid_options",
    });
  });
});

describe.each<readonly [string, () => RecordCipher, () => RecordCipher]>([
  [
    "a keyed fingerprint",
    () => createRecordCipher(oneKey),
    () => createRecordCipher({ current: "k1", keys: { k1: key(2) } } satisfies EncryptionOptions),
  ],
  ["an unkeyed fingerprint", () => plaintextCipher, () => createRecordCipher(oneKey)],
])("%s", (_kind, create, createOther) => {
  it("is the same every time and in every process", async () => {
    expect(await create().fingerprint("refresh-1")).toBe(await create().fingerprint("refresh-1"));
  });

  it("is 128 bits and not the token", async () => {
    const fingerprint = await create().fingerprint("refresh-1");
    expect(fingerprint).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(fingerprint).not.toContain("refresh");
  });

  it("differs for every token and under another key", async () => {
    const tokens = Array.from({ length: 200 }, (_, i) => `refresh-${i}`);
    const fingerprints = await Promise.all(tokens.map((token) => create().fingerprint(token)));
    expect(new Set(fingerprints).size).toBe(200);
    expect(await createOther().fingerprint("refresh-1")).not.toBe(fingerprints[1]);
  });
});

describe("plaintextCipher", () => {
  it("leaves a record as it is", async () => {
    const plain = encodeTokenRecord(fullRecord());
    expect(await plaintextCipher.open("ann", await plaintextCipher.seal("ann", plain))).toEqual(plain);
  });

  it("refuses a sealed record, so that a forgotten key is noticed", async () => {
    const sealed = await createRecordCipher(oneKey).seal("ann", secret);
    expect(await rejectionOf(plaintextCipher.open("ann", sealed))).toMatchObject({
      code: "record_unreadable",
      reason: "sealed",
      action: "fix_config",
    });
  });
});

describe("records of today", () => {
  const sealed =
    "bb1.k1.yERlIDi0gPuDGgd_FwhiaA.4Hj9EVQqha1EcwZ0.k5ajFEKTcmD-F70PWBXxDtz3uxG0jqXM8S-KQITgBGXg3KGlamk";

  it("open in every later version: a change of how keys are derived would lose every grant", async () => {
    expect(await createRecordCipher(oneKey).open("ann", bytes(sealed))).toEqual(secret);
  });

  it("have the fingerprints that they were written with", async () => {
    expect(await createRecordCipher(oneKey).fingerprint("refresh-1")).toBe("I7FNOVH7nnHgYWo2BNc3_g");
  });

  it("say what to do when no key, or another one, is configured", async () => {
    await expect(plaintextCipher.open("ann", bytes(sealed))).rejects.toThrow(
      "encrypted, but no encryption key is configured. Pass the keys it was written with.",
    );
    await expect(createRecordCipher(oneKey).open("ann", bytes("{}"))).rejects.toThrow(
      "Set encryption.migratePlaintext if it is from before.",
    );
    await expect(createRecordCipher(oneKey).open("bob", bytes(sealed))).rejects.toThrow(
      /does not open with the configured key.*It was left as it is\.$/,
    );
  });
});

describe("a key provider", () => {
  it("that fails is named, and nothing of its message", async () => {
    const { provider } = countingProvider(new RangeError("the vault said hunter2"));
    const error = await rejectionOf(createRecordCipher({ provider }).seal("ann", secret));
    expect(error).toMatchObject({
      code: "storage_failed",
      message: "The encryption key provider failed (RangeError). Try again.",
    });
  });

  it("that throws an error of ours rejects with that error", async () => {
    const failure = new StorageError("The vault is sealed.", { action: "fix_config" });
    const { provider } = countingProvider(failure);
    expect(await rejectionOf(createRecordCipher({ provider }).seal("ann", secret))).toBe(failure);
  });
});
