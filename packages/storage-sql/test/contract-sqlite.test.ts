import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { betterSqlite, databaseFolder, nodeSqlite } from "./clients.ts";
import { runContract } from "./run-contract.ts";

describe("createSqlStorage() on SQLite", () => {
  let place: Awaited<ReturnType<typeof databaseFolder>>;
  beforeAll(async () => {
    place = await databaseFolder();
  });
  afterAll(() => place.remove());
  runContract("better-sqlite3", async () => betterSqlite(join(place.folder, "better.db")));
  runContract("node:sqlite", async () => nodeSqlite(join(place.folder, "node.db")));
});
