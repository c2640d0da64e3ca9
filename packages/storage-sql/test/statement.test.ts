import { describe, expect, it } from "vitest";
import { sqlSchema, type SqlDialect, type SqlValue } from "../src/index.ts";
import { statementSender } from "../src/statement.ts";
import { firstTextAfter } from "../src/texts.ts";

describe("statementSender()", () => {
  const text =
    "UPDATE t SET a=:value::bigint, b=TIMESTAMPDIFF(MICROSECOND,'1970-01-01 00:00:00',x)\n  WHERE id=:id OR a=:value";

  /** What a connection is given for the text above. */
  async function sent(
    dialect: SqlDialect,
    placeholder: "$" | "?",
  ): Promise<{ sql: string; values: readonly SqlValue[] }> {
    const calls: { sql: string; values: readonly SqlValue[] }[] = [];
    const send = statementSender({
      dialect,
      placeholder,
      lease: "distributed",
      durable: true,
      async run(sql, values) {
        calls.push({ sql, values });
        return { rows: [] };
      },
    });
    await send({ timeoutMs: 1, signal: new AbortController().signal })(text, { value: 7, id: "k" });
    return calls[0] ?? { sql: "", values: [] };
  }

  it("numbers a value once where placeholders have numbers", async () => {
    expect(await sent("postgres", "$")).toEqual({
      sql: "UPDATE t SET a=$1::bigint, b=TIMESTAMPDIFF(MICROSECOND,'1970-01-01 00:00:00',x) WHERE id=$2 OR a=$1",
      values: [7, "k"],
    });
  });

  it("repeats a value where they have none", async () => {
    const { sql, values } = await sent("postgres", "?");
    expect(sql).toContain("a=?::bigint");
    expect(values).toEqual([7, "k", 7]);
  });

  it("gives MySQL texts as bytes, so that nothing in them is escaped", async () => {
    expect((await sent("mysql", "?")).values).toEqual([7, Buffer.from("k"), 7]);
  });
});

describe("sqlSchema()", () => {
  it.each<SqlDialect>(["postgres", "mysql", "sqlite"])(
    "puts the prefix in front of every name, for %s",
    (dialect) => {
      for (const sql of sqlSchema(dialect, { prefix: "auth.tokens" })) {
        expect(sql).toMatch(/IF NOT EXISTS/);
        expect(sql).not.toContain("bitbucket_auth");
        expect(sql).toMatch(/tokens_(?:entry|lease)/);
      }
    },
  );

  it("qualifies a table by its schema, and an index as its database wants it", () => {
    const index = (dialect: SqlDialect) =>
      sqlSchema(dialect, { prefix: "auth.tokens" }).find((sql) => sql.startsWith("CREATE INDEX"));
    expect(index("postgres")).toContain("tokens_entry_expires_at ON auth.tokens_entry (");
    expect(index("sqlite")).toContain("auth.tokens_entry_expires_at ON tokens_entry (");
    expect(index("mysql")).toBeUndefined();
  });
});

describe("firstTextAfter()", () => {
  it.each([
    ["", undefined],
    ["a", "b"],
    ["ab/", "ab0"],
    ["a\uD7FF", "a\uE000"],
    ["a\u{10FFFF}\u{10FFFF}", "b"],
    ["\u{10FFFF}", undefined],
    ["\uFFFF", "\u{10000}"],
  ])("answers for %j", (prefix, after) => expect(firstTextAfter(prefix)).toBe(after));
});
