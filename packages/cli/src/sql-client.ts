import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { exportOf, loadFromProject } from "./project.js";

/** A database that an address names. */
export interface DatabaseAddress {
  readonly dialect: "postgres" | "mysql" | "sqlite";
  /** As a reader knows it: host, port and database, or the file. No user and no password. */
  readonly place: string;
  /** For the client: the address, or the path of the file. */
  readonly target: string;
}

/** A client of the project's own, opened. */
export interface OpenClient {
  /** For `createSqlStorage`. */
  readonly client: object;
  /** Sends one statement. Rejects with the client's own error, which may hold anything. */
  readonly ask: (sql: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** Packages that speak to each kind of database, best first, as `npm install` takes them. */
export const clientPackages: Readonly<Record<DatabaseAddress["dialect"], readonly string[]>> = {
  postgres: ["pg", "postgres"],
  mysql: ["mysql2"],
  sqlite: ["better-sqlite3"],
};

const connectMs = 5_000;

/** What an address such as `postgres://user:password@host/name` or `file:./data.db` names; `undefined` for any other. */
export function readDatabaseAddress(address: string, directory: string): DatabaseAddress | undefined {
  const [, scheme = "", rest = ""] = /^([a-z]+):(.*)$/i.exec(address) ?? [];
  switch (scheme.toLowerCase()) {
    case "postgres":
    case "postgresql":
      return onServer("postgres", address);
    case "mysql":
    case "mariadb":
      return onServer("mysql", `mysql:${rest}`);
    case "file":
    case "sqlite":
      return inFile(rest, directory);
    default:
      return undefined;
  }
}

function onServer(dialect: "postgres" | "mysql", target: string): DatabaseAddress | undefined {
  if (!URL.canParse(target)) return undefined;
  const { host, pathname } = new URL(target);
  return { dialect, place: `${host || "localhost"}${pathname}`, target };
}

/** `file:./x.db`, `sqlite:x.db` and `sqlite:///srv/x.db`. What follows a `?` is the business of other clients. */
function inFile(rest: string, directory: string): DatabaseAddress | undefined {
  const [path = ""] = rest.split("?");
  if (path === "") return undefined;
  const file = path.startsWith("///") ? fileURLToPath(`file:${path}`) : resolve(directory, path);
  return { dialect: "sqlite", place: file, target: file };
}

/** Opens a database with a client of the project in a directory. `undefined`: it has none. Nothing is connected yet. */
export async function openSqlClient(
  { dialect, target }: DatabaseAddress,
  directory: string,
): Promise<OpenClient | undefined> {
  if (dialect === "postgres") return (await openPg(target, directory)) ?? openPostgresJs(target, directory);
  if (dialect === "mysql") return openMysql2(target, directory);
  return openSqlite(target, directory);
}

/** Whether a file is there: a client would make one that is not. */
export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function openPg(connectionString: string, directory: string): Promise<OpenClient | undefined> {
  const Pool = exportOf(await loadFromProject("pg", directory), "Pool");
  if (typeof Pool !== "function") return undefined;
  return pool(
    Reflect.construct(Pool, [{ connectionString, max: 1, connectionTimeoutMillis: connectMs }]),
    "query",
    "end",
  );
}

async function openPostgresJs(url: string, directory: string): Promise<OpenClient | undefined> {
  const postgres = exportOf(await loadFromProject("postgres", directory), "default");
  if (typeof postgres !== "function") return undefined;
  const options = {
    max: 1,
    fetch_types: false,
    connect_timeout: connectMs / 1_000,
    onnotice: () => undefined,
  };
  return pool(Reflect.apply(postgres, undefined, [url, options]), "unsafe", "end");
}

async function openMysql2(uri: string, directory: string): Promise<OpenClient | undefined> {
  const createPool = exportOf(await loadFromProject("mysql2/promise", directory), "createPool");
  if (typeof createPool !== "function") return undefined;
  const options = { uri, connectionLimit: 1, connectTimeout: connectMs };
  return pool(Reflect.apply(createPool, undefined, [options]), "query", "end");
}

async function openSqlite(file: string, directory: string): Promise<OpenClient | undefined> {
  const library = await loadFromProject("better-sqlite3", directory);
  const Database = exportOf(library, "default") ?? (await nodeSqlite());
  if (typeof Database !== "function") return undefined;
  const client: unknown = Reflect.construct(Database, [file]);
  if (typeof client !== "object" || client === null) return undefined;
  await call(client, "exec", "PRAGMA busy_timeout = 500; PRAGMA synchronous = FULL");
  return {
    client,
    ask: (sql) => call(client, "exec", sql),
    close: async () => void (await call(client, "close")),
  };
}

/** Node's own, since 22.5. Its warning that it is experimental says nothing about the database. */
async function nodeSqlite(): Promise<unknown> {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    return exportOf(await import("node:sqlite"), "DatabaseSync");
  } catch {
    return undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

function pool(client: unknown, ask: string, end: string): OpenClient | undefined {
  if ((typeof client !== "object" && typeof client !== "function") || client === null) return undefined;
  // A connection that is lost while nothing is asked would end the process.
  if ("on" in client) void call(client, "on", "error", () => undefined);
  return {
    client,
    ask: (sql) => call(client, ask, sql),
    close: async () => void (await call(client, end).catch(() => undefined)),
  };
}

async function call(on: object, name: string, ...args: readonly unknown[]): Promise<unknown> {
  const method: unknown = Reflect.get(on, name);
  if (typeof method !== "function") throw new TypeError(`The client has no ${name}()`);
  const result: unknown = await Reflect.apply(method, on, args);
  return result;
}
