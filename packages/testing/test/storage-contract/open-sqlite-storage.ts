export { createSqliteStorage as default } from "./sqlite-storage.ts";
