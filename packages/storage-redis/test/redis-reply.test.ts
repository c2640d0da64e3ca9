import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { asCasResult, asEntry, asList, asText } from "../src/redis-reply.ts";

const bytes = (text: string): Buffer => Buffer.from(text);

describe("asText()", () => {
  it("reads bytes, text, numbers and nil", () => {
    expect([bytes("é"), "é", 7, null].map(asText)).toEqual(["é", "é", "7", null]);
  });

  it.each([undefined, {}, [], true])("refuses %j", (reply) => {
    expect(() => asText(reply)).toThrow(
      expect.objectContaining({ code: "storage_failed", action: "fix_config" }),
    );
  });
});

describe("asEntry()", () => {
  it("copies the bytes", () => {
    const data = bytes("one");
    const entry = asEntry([bytes("v1"), data]);
    data.fill(0);
    expect(entry).toEqual({ version: "v1", bytes: new Uint8Array([111, 110, 101]) });
  });

  it("reads bytes of another realm, as a client gives them under jest", () => {
    const foreign = (text: string): unknown =>
      runInNewContext(`Uint8Array.from(${JSON.stringify([...bytes(text)])})`);
    expect(asText(foreign("é"))).toBe("é");
    expect(asEntry([foreign("v1"), foreign("one")])).toEqual({
      version: "v1",
      bytes: new Uint8Array([111, 110, 101]),
    });
  });

  it("keeps bytes that are no text", () => {
    expect(asEntry([bytes("v1"), Buffer.from([0, 255, 128])])?.bytes).toEqual(new Uint8Array([0, 255, 128]));
  });

  it("keeps an entry of no bytes", () => {
    expect(asEntry([bytes("v1"), bytes("")])?.bytes).toEqual(new Uint8Array());
  });

  it("reads nothing, and a tombstone, as null", () => {
    expect([asEntry([null, null]), asEntry([bytes("v1"), null])]).toEqual([null, null]);
  });

  it.each([
    ["text", ["v1", "one"]],
    ["nothing", []],
    ["no list", "OK"],
  ])("refuses %s in place of bytes", (_, reply) => {
    expect(() => asEntry(reply)).toThrow(expect.objectContaining({ code: "storage_failed" }));
  });
});

describe("asCasResult()", () => {
  it("reads 1 as done, however numbers arrive", () => {
    expect([asCasResult(1), asCasResult("1")]).toEqual([{ ok: true }, { ok: true }]);
  });

  it("reads what a refused write conflicted with", () => {
    expect(asCasResult([bytes("v2"), 1])).toEqual({ ok: false, current: "v2" });
    expect(asCasResult([bytes("gone"), 0])).toEqual({ ok: false, current: "gone", deleted: true });
    expect(asCasResult([null, 0])).toEqual({ ok: false, current: null });
  });

  it.each([null, "OK", 0])("never reads %j as done", (reply) => {
    expect(() => asCasResult(reply)).toThrow(expect.objectContaining({ code: "storage_failed" }));
  });
});

describe("asList()", () => {
  it("refuses what is no list", () => {
    expect(() => asList("OK")).toThrow(expect.objectContaining({ code: "storage_failed" }));
  });
});
