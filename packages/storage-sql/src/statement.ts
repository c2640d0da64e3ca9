import type { AttemptBounds, SqlConnection, SqlValue } from "./clients/sql-connection.js";
import type { Send } from "./operations.js";

interface CompiledStatement {
  readonly sql: string;
  /** The names of the values, in the order of the placeholders. */
  readonly names: readonly string[];
}

/**
 * Sends statements that are written with `:names`.
 *
 * They are compiled to what every client of a dialect understands: `$1`, or `?` with its value repeated. Each text is compiled once.
 */
export function statementSender(connection: SqlConnection): (bounds: AttemptBounds) => Send {
  const { dialect, placeholder } = connection;
  const compiled = new Map<string, CompiledStatement>();
  // Note: MySQL is given texts as bytes. In a text a client escapes quotes by the rules of a mode that the server may not be in.
  const prepared = dialect === "mysql" ? asBuffer : (value: SqlValue): SqlValue => value;
  return (bounds) =>
    async (text, values = {}) => {
      const { sql, names } = compiled.get(text) ?? compile(text, placeholder);
      compiled.set(text, { sql, names });
      return connection.run(
        sql,
        names.map((name) => prepared(values[name] ?? null)),
        bounds,
      );
    };
}

/** Note: `::` is a cast of PostgreSQL, and the time in a text has digits behind its colons. */
const named = /(?<!:):([a-z]\w*)/g;

/** Puts placeholders in the place of `:names`. */
function compile(text: string, placeholder: "$" | "?"): CompiledStatement {
  const names: string[] = [];
  const sql = text.replaceAll(/\s+/g, " ").replaceAll(named, (_, name: string) => {
    if (placeholder === "?") {
      names.push(name);
      return "?";
    }
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return { sql, names };
}

/** A text as bytes, and bytes as Node's Buffer where there is one: older releases of mysql2 know no others. */
function asBuffer(value: SqlValue): SqlValue {
  if (value === null || typeof value === "number") return value;
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  const buffer: unknown = Reflect.get(globalThis, "Buffer");
  if (typeof buffer !== "function") return bytes;
  const from: unknown = Reflect.get(buffer, "from");
  if (typeof from !== "function") return bytes;
  const made: unknown = Reflect.apply(from, buffer, [bytes.buffer, bytes.byteOffset, bytes.byteLength]);
  return isBytes(made) ? made : bytes;
}

/** By its tag: under jest a Buffer of Node is no `Uint8Array` of the test's realm. */
function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]";
}
