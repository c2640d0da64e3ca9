import { mergeRecord, type MergeDecision } from "../../src/refresh/save.ts";
import type { TokenRecord } from "../../src/storage/record.ts";
import { activeRecord } from "../auth-under-test.ts";
import { describe, expect, it } from "vitest";

const redeemedFp = "redeemed";
const mine = activeRecord({
  refreshFp: "mine",
  parentFp: redeemedFp,
  issuedAt: 10_000,
  fence: 5,
  obtainedAt: 100,
});
const sibling = (order: Partial<TokenRecord>): TokenRecord => ({ ...mine, refreshFp: "sibling", ...order });

describe("mergeRecord()", () => {
  it.each<readonly [string, TokenRecord, MergeDecision]>([
    ["the redeemed token", activeRecord({ refreshFp: redeemedFp }), "write"],
    [
      "the redeemed token in a record that is newer in every way",
      activeRecord({ refreshFp: redeemedFp, issuedAt: 99_000, fence: 99, obtainedAt: 999 }),
      "write",
    ],
    [
      "a sibling issued earlier",
      sibling({ issuedAt: 9_000, fence: 9, obtainedAt: 999 }),
      "write_newer_sibling",
    ],
    ["a sibling issued later", sibling({ issuedAt: 11_000, fence: 1, obtainedAt: 1 }), "adopt_sibling"],
    [
      "a sibling of the same second under an older lease",
      sibling({ fence: 4, obtainedAt: 999 }),
      "write_newer_sibling",
    ],
    [
      "a sibling of the same second under a newer lease",
      sibling({ fence: 6, obtainedAt: 1 }),
      "adopt_sibling",
    ],
    ["a sibling obtained earlier, else equal", sibling({ obtainedAt: 99 }), "write_newer_sibling"],
    ["a sibling obtained later, else equal", sibling({ obtainedAt: 101 }), "adopt_sibling"],
    ["a sibling equal in everything", sibling({}), "adopt_sibling"],
    ["a sibling without a date", sibling({ issuedAt: undefined, fence: undefined }), "write_newer_sibling"],
    ["another sign-in", activeRecord({ refreshFp: "other", parentFp: undefined }), "adopt_other"],
    ["a grandchild", activeRecord({ refreshFp: "grandchild", parentFp: "sibling" }), "adopt_other"],
    [
      "a record without fingerprints",
      activeRecord({ refreshFp: undefined, parentFp: undefined }),
      "adopt_other",
    ],
    [
      "another sign-in that is older in every way",
      activeRecord({ refreshFp: "other", parentFp: "other's", issuedAt: 1, fence: 1, obtainedAt: 1 }),
      "adopt_other",
    ],
  ])("where %s is stored", (_what, stored, expected) => {
    expect(mergeRecord(stored, redeemedFp, mine)).toBe(expected);
  });

  it("lets exactly one of two siblings win, whichever is asked about", () => {
    const other = sibling({ issuedAt: 11_000 });
    expect([mergeRecord(other, redeemedFp, mine), mergeRecord(mine, redeemedFp, other)]).toEqual([
      "adopt_sibling",
      "write_newer_sibling",
    ]);
  });
});
