import * as fc from "fast-check";
import { isBitbucketAuthError } from "../../src/errors.ts";
import { encodeTokenRecord } from "../../src/storage/record.ts";
import { decodedOrError, fullRecord, recordSecrets } from "./sample-record.ts";
import { describe, expect, it } from "vitest";

describe("decodeTokenRecord()", () => {
  it(
    "answers a record or its own error for any damage, and never shows what it read",
    { timeout: 60_000 },
    () => {
      const good = encodeTokenRecord(fullRecord());
      const damage = fc.array(
        fc.record({
          at: fc.nat(good.length - 1),
          length: fc.nat(4),
          bytes: fc.uint8Array({ maxLength: 4 }),
        }),
        { minLength: 1, maxLength: 3 },
      );
      fc.assert(
        fc.property(damage, (cuts) => {
          const bytes = cuts.reduce<number[]>(
            (damaged, cut) => damaged.toSpliced(cut.at, cut.length, ...cut.bytes),
            [...good],
          );
          const result = decodedOrError(Uint8Array.from(bytes));
          if (!(result instanceof Error)) return;
          expect(isBitbucketAuthError(result)).toBe(true);
          const shown = JSON.stringify([result, result.message, result.cause]);
          for (const secret of recordSecrets) expect(shown).not.toContain(secret);
        }),
        { numRuns: 2_000 },
      );
    },
  );
});
