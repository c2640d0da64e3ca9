export type { D1Client, LibsqlClient, SqliteClient } from "./clients/sqlite-clients.js";
export type { Mysql2CallbackClient, Mysql2Client } from "./clients/mysql-clients.js";
export type { PgClient, PostgresJsClient } from "./clients/postgres-clients.js";
export type { SqlClient } from "./clients/sql-client.js";
export type { GenericSqlClient, SqlDialect, SqlValue } from "./clients/sql-connection.js";
export type { PgListenClient } from "./notifications.js";
export { createTables, sqlSchema, type CreateTablesOptions, type SqlSchemaOptions } from "./schema.js";
export { createSqlStorage, type SqlStorageOptions } from "./sql-storage.js";
export type { SqlStorageWarning } from "./sqlite-warnings.js";
