import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createSqlStorage, createTables, type SqlClient } from "@bitbucket-auth/storage-sql";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { assertNoRefreshTokenReuse, assertRefreshed } from "@bitbucket-auth/testing/node";
import { createPool } from "mysql2/promise";
import pg from "pg";
import postgres from "postgres";

// Note: releases before 8.16 have no named exports.
// oxlint-disable-next-line import/no-named-as-default-member
const { Pool } = pg;

interface Owned {
  readonly client: SqlClient;
  end(): Promise<unknown>;
}

const url = process.env["POSTGRES_URL"];
const mariadb = process.env["MARIADB"];

function openPg(): Owned {
  const client = new Pool({ connectionString: url });
  return { client, end: () => client.end() };
}

function openPostgresJs(): Owned {
  const client = postgres(url ?? "", { fetch_types: false, onnotice: () => undefined });
  return { client, end: () => client.end() };
}

function openMysql(): Owned {
  const client = createPool(JSON.parse(mariadb ?? "{}"));
  return { client, end: () => client.end() };
}

/** Two processes, as far as the database can tell, whose callers meet at an expired grant. */
async function refreshTogether(prefix: string, open: () => Owned): Promise<void> {
  const mock = createBitbucketMock({ profile: "strict" });
  const { clientOptions, tokens } = mock.issueGrant();
  const owned = [open(), open()];
  const auths = await Promise.all(
    owned.map(async ({ client }) => {
      await createTables({ client, prefix });
      return createBitbucketAuth({
        ...clientOptions,
        fetch: mock.fetch,
        clock: mock.clock,
        logging: false,
        // Note: far longer than the machine could be busy.
        storage: createSqlStorage({ client, prefix, deadlineMs: 60_000 }),
        encryption: { current: "k1", keys: { k1: new Uint8Array(32) } },
      });
    }),
  );
  const [first] = auths;
  await first?.saveTokens("alice", tokens);
  await mock.clock.advance("2h");
  const callers = Array.from({ length: 10 }, () => auths.map((auth) => auth.getAccessToken("alice"))).flat();
  const served = new Set(await Promise.all(callers));
  if (served.size !== 1 || served.has(tokens.accessToken))
    throw new Error(`${prefix}: ${served.size} tokens`);
  assertRefreshed(mock, 1);
  assertNoRefreshTokenReuse(mock);
  for (const auth of auths) await auth.close();
  for (const { end } of owned) await end();
}

if (url !== undefined) {
  await refreshTogether("pg", openPg);
  await refreshTogether("postgres_js", openPostgresJs);
}
if (mariadb !== undefined) await refreshTogether("mysql2", openMysql);
