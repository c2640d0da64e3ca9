import { describeSqlStorms } from "./describe-sql.ts";

describeSqlStorms(["node:sqlite"]);
