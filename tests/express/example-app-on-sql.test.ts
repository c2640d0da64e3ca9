import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasPostgres, startPostgres, type PostgresServer } from "@bitbucket-auth/database-servers/postgres";
import { hasChromium, launchChromium, openContext } from "./chromium.ts";
import { startExampleApp } from "./example-app.ts";

describe.runIf(hasPostgres && hasChromium)("the example app with DATABASE_URL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it("keeps a sealed grant in the database, and buries it at a sign-out", async () => {
    const key = Buffer.alloc(32, 7).toString("base64");
    const app = await startExampleApp({ DATABASE_URL: server.url, TOKEN_KEY: key });
    const browser = await launchChromium();
    const database = new Client({ connectionString: server.url });
    await database.connect();
    const records = async (): Promise<(number | null)[]> => {
      const { rows } = await database.query<{ length: number | null }>(
        "SELECT length(bytes) AS length FROM bitbucket_auth_entry WHERE id NOT LIKE '%sessions%'",
      );
      return rows.map(({ length }) => length);
    };
    try {
      const { context } = await openContext(browser);
      const page = await context.newPage();
      await page.goto(app.url);
      await page.getByRole("link", { name: "Sign in with Bitbucket" }).click();
      await page.getByRole("button", { name: "Grant access" }).click();
      await page.getByRole("heading", { name: "Alice Example" }).waitFor();
      expect(await records()).toEqual([expect.any(Number)]);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("link", { name: "Sign in with Bitbucket" }).waitFor();
      expect(await records()).toEqual([null]);
    } finally {
      await database.end();
      await browser.close();
      expect(await app.close()).toBe(0);
    }
  });
});
