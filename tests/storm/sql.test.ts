import { describeSqlStorms } from "./describe-sql.ts";
import { sqlDatabases } from "./sql-database.ts";

// Small ones, on each database once. The long suite has `node:sqlite`, 8 processes with 20 callers, a pooler in between, restarts,
// kills and a full disk.
describeSqlStorms(sqlDatabases.filter((name) => name !== "pg over PgBouncer" && name !== "node:sqlite"));
