import { decodeTokenRecord, encodeTokenRecord } from "../../src/storage/record.ts";
import { decodedOrError, fullRecord } from "./sample-record.ts";
import { describe, expect, it } from "vitest";

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const required = "schema accessToken accessExpiresAt tokenType obtainedAt generation status".split(" ");
/** Per field, values of which none may be believed. */
const wrongValues: Readonly<Record<string, readonly unknown[]>> = {
  schema: [0, 2, "1", null],
  accessToken: [5, null, {}],
  accessExpiresAt: [-1, "1800000000000", null],
  refreshToken: ["", 5, null],
  refreshExpiresAt: [-1, "soon", null],
  scope: [5, ["account"], null],
  tokenType: ["Bearer", "mac", null],
  obtainedAt: [-1, "now", null],
  issuedAt: [-1, "now", null],
  fence: ["3", null],
  refreshFp: [5, null],
  parentFp: [5, null],
  generation: ["4", null],
  pending: [
    null,
    {},
    { attempt: "a", startedAt: 1 },
    { attempt: 1, startedAt: 1, refreshFp: "f" },
    { attempt: "a", startedAt: -1, refreshFp: "f" },
  ],
  status: ["dead", "", null],
  signedInAt: [-1, "then", null],
  failure: [
    null,
    {},
    { code: "c", at: 1 },
    { code: "c", at: -1, count: 1 },
    { code: "c", at: 1, count: 1, reason: "other" },
    { code: "c", at: 1, count: 1, retryAt: "later" },
  ],
};
const wrongCases = Object.entries(wrongValues).flatMap(([field, values]) =>
  values.map((value) => ({ field, value, shown: JSON.stringify(value) })),
);

describe("decodeTokenRecord()", () => {
  it("gives back what encodeTokenRecord() wrote", () => {
    expect(decodeTokenRecord(encodeTokenRecord(fullRecord()))).toEqual(fullRecord());
  });

  it("gives back a record of the required fields alone", () => {
    const { schema, accessToken, accessExpiresAt, tokenType, obtainedAt, generation, status } = fullRecord();
    const least = { schema, accessToken, accessExpiresAt, tokenType, obtainedAt, generation, status };
    expect(decodeTokenRecord(encodeTokenRecord(least))).toStrictEqual(least);
  });

  it("gives back tokens of 64 kB and of any characters", () => {
    const record = fullRecord({ accessToken: "ü🦊".repeat(20_000), refreshToken: "\u0000\u2028" });
    expect(decodeTokenRecord(encodeTokenRecord(record))).toEqual(record);
  });

  it("has a wrong value for every field of a record", () => {
    expect(Object.keys(wrongValues)).toEqual(Object.keys(fullRecord()));
  });

  it.each(wrongCases)("refuses $field: $shown", ({ field, value }) => {
    expect(decodedOrError(encode({ ...fullRecord(), [field]: value }))).toMatchObject({
      code: "record_unreadable",
      reason: "corrupt",
      action: "reauthorize",
    });
  });

  it.each(required)("refuses a record without %s", (field) => {
    expect(decodedOrError(encode({ ...fullRecord(), [field]: undefined }))).toMatchObject({
      code: "record_unreadable",
      reason: "corrupt",
    });
  });

  it.each(["", "null", "[]", '"access-1"', "{", "\u0000", "{}"])("refuses %j", (text) => {
    expect(decodedOrError(new TextEncoder().encode(text))).toMatchObject({
      code: "record_unreadable",
      reason: "corrupt",
    });
  });

  it("says that what it cannot read was left alone, and how to go on", () => {
    expect(String(decodedOrError(encode({})))).toContain(
      "It was left as it is; sign in again to replace it.",
    );
  });

  it("refuses bytes that are not UTF-8 rather than to repair a token", () => {
    const bytes = encodeTokenRecord(fullRecord());
    bytes[bytes.indexOf("access-1".charCodeAt(0), 20)] = 0xff;
    expect(decodedOrError(bytes)).toMatchObject({ code: "record_unreadable", reason: "corrupt" });
  });
});
