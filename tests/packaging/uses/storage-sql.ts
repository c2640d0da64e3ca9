import { InvalidOptionsError, type TokenStorage } from "@bitbucket-auth/core";
import { createSqlStorage, createTables, sqlSchema, type SqlClient } from "@bitbucket-auth/storage-sql";

/** What a program with a client says. */
export async function storageOn(client: SqlClient): Promise<TokenStorage> {
  await createTables({ client });
  return createSqlStorage({ client });
}

if (!sqlSchema("postgres", { prefix: "auth.tokens" }).join().includes("auth.tokens_entry"))
  throw new Error("The schema does not have the prefix");

try {
  misuse();
  throw new Error("Nothing passed for a client");
} catch (error) {
  if (!(error instanceof InvalidOptionsError)) throw error;
}

/** What the types refuse, and the program too. */
function misuse(): TokenStorage {
  // @ts-expect-error a client is an object with calls
  return createSqlStorage({ client: {} });
}
