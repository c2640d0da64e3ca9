// oxlint-disable typescript/no-floating-promises -- node:test itself waits for its tests
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { connectBitbucketMock } from "@bitbucket-auth/testing/server";
import { chromium } from "playwright-core";
import { startApp } from "./app.js";

let fake, mock, app, browser, page;

before(async () => {
  // What `npx bitbucket-mock` starts: a process of its own, as in a Playwright configuration's `webServer`.
  fake = spawn("node_modules/.bin/bitbucket-mock", ["--port", "0", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface(fake.stdout), "line");
  mock = await connectBitbucketMock(JSON.parse(line).url);
  const { clientOptions } = await mock.issueGrant();
  app = await startApp(clientOptions);
  browser = await chromium.launch(JSON.parse(process.env.LAUNCH_OPTIONS ?? "{}"));
});

after(async () => {
  await browser?.close();
  await app?.close();
  fake.kill();
});

beforeEach(async () => {
  await mock.reset();
  page = await browser.newPage();
});

afterEach(() => page.close());

test("signs in on the consent page, and stays signed in when the token has expired", async () => {
  await page.goto(`${app.url}/login`);
  await page.getByRole("combobox", { name: "Sign in as" }).selectOption("alice");
  await page.getByRole("button", { name: "Grant access" }).click();
  await page.getByText("Hello Alice Example").waitFor();

  await mock.clock.advance("2h");
  await page.reload();
  await page.getByText("Hello Alice Example").waitFor();

  assert.equal((await mock.requests.token("refresh_token")).length, 1);
  assert.deepEqual(await mock.violations(), []);
});

test("is told when the user cancels", async () => {
  await page.goto(`${app.url}/login`);
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Failed: authorization_denied").waitFor();

  assert.deepEqual(await mock.requests.token(), []);
});

test("needs no JavaScript on the consent page", async () => {
  await page.close();
  page = await browser.newPage({ javaScriptEnabled: false });
  await page.goto(`${app.url}/login`);
  await page.getByRole("button", { name: "Grant access" }).click();
  await page.waitForURL(`${app.url}/`);

  assert.equal((await mock.grants()).length, 1);
});
