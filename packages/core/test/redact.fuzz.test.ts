import * as fc from "fast-check";
import { readApiError } from "../src/index.ts";
import { createRedactor } from "../src/redact.ts";
import { describe, expect, it } from "vitest";

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const hex = "0123456789abcdef";

/** Text drawn from an alphabet, each letter as likely as any other: an example with its edge cases would be no token. */
function drawn(alphabet: string, minLength: number, maxLength: number): fc.Arbitrary<string> {
  const picks = fc.array(fc.integer({ min: 0, max: alphabet.length - 1 }), { minLength, maxLength });
  return fc.noShrink(fc.noBias(picks)).map((drawnPicks) => drawnPicks.map((pick) => alphabet[pick]).join(""));
}

/** What has the shape of a token, though nothing here sent it. */
const token = fc.oneof(
  drawn(base64url.replace(/[-_]/g, ""), 48, 200),
  drawn(base64url, 64, 200),
  fc
    .tuple(drawn(base64url, 20, 60), drawn(base64url, 20, 60))
    .map(([head, tail]) => `eyJ${head}.${tail}.${tail}`),
  fc
    .tuple(fc.constantFrom("ATATT3x", "ATCTT3x", "ATBB"), drawn(base64url, 24, 180))
    .map((parts) => parts.join("")),
);

const word = fc.constantFrom(
  ..."release feature login website acme api client server build test main hotfix pull request user team config legacy".split(
    " ",
  ),
);
const number = fc.integer({ min: 0, max: 2030 }).map(String);
const capitalized = word.map((text) => text.slice(0, 1).toUpperCase() + text.slice(1));

/** What programs and users name things, and what Bitbucket names them. */
const name = fc.oneof(
  fc.array(fc.oneof(word, number), { minLength: 1, maxLength: 9 }).map((parts) => parts.join("-")),
  fc.array(fc.oneof(word, number), { minLength: 1, maxLength: 9 }).map((parts) => parts.join("_")),
  fc.array(word, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/")),
  fc.array(capitalized, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("")),
  fc
    .tuple(fc.array(word, { minLength: 1, maxLength: 5 }), number)
    .map(([parts, end]) => parts.join("") + end),
  drawn(hex, 7, 64),
  fc.uuid(),
  fc.uuid().map((id) => `{${id}}`),
  fc
    .date({ min: new Date(0), max: new Date("2099-01-01"), noInvalidDate: true })
    .map((date) => date.toISOString()),
  fc
    .array(fc.oneof(word, number), { minLength: 1, maxLength: 6 })
    .map(
      (parts) =>
        `https://developer.atlassian.com/cloud/bitbucket/${parts.join("/")}#CHANGE-${parts.length}770`,
    ),
);

const counterexample = <T>(property: fc.IProperty<T>, numRuns: number): unknown =>
  // One seed: what looks drawn by lot is a matter of chance, and a test is not.
  fc.check(property, { numRuns, seed: 2026 }).counterexample;

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
    expect(counterexample(holds, 5_000)).toBeNull();
  });

  it("hides whatever has the shape of a token", { timeout: 60_000 }, () => {
    const redact = createRedactor();
    const holds = fc.property(
      token,
      word,
      (secret, before) => redact(`${before} "${secret}".`) === `${before} "[redacted]".`,
    );
    expect(counterexample(holds, 8_000)).toBeNull();
  });

  it("hides no name, slug, hash, uuid, date or link", { timeout: 60_000 }, () => {
    const redact = createRedactor(["Bearer sent-token", "sent-token"]);
    const holds = fc.property(name, (text) => redact(`not found: ${text}.`) === `not found: ${text}.`);
    expect(counterexample(holds, 8_000)).toBeNull();
  });
});

describe("an API error", () => {
  it(
    "shows every name that Bitbucket repeats, and nothing of what was sent",
    { timeout: 60_000 },
    async () => {
      const secret = drawn(base64url, 8, 60);
      const holds = fc.asyncProperty(name, secret, async (kept, sent) => {
        fc.pre(!kept.includes(sent));
        const error = {
          message: `${kept} ${sent}`,
          fields: { key: [kept, sent] },
          id: kept,
          data: { sent, kept },
        };
        const read = await readApiError(Response.json({ error }, { status: 400 }), { secrets: [sent] });
        const shown = [read.message, JSON.stringify(read), String(read.stack)].join();
        expect(shown).not.toContain(sent);
        expect(read).toMatchObject({ fields: { key: [kept, "[redacted]"] }, id: kept, data: { kept } });
        expect(read.message).toContain(kept);
      });
      await fc.assert(holds, { numRuns: 1_000, seed: 2026 });
    },
  );
});
