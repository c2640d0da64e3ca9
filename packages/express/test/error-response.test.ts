import helmet from "helmet";
import { describe, expect, it } from "vitest";
import { createHash } from "node:crypto";
import { expresses, sampleApp } from "./sample-app.js";

const callback = "/auth/bitbucket/callback?code=c&state=s";

describe.each(expresses)("an error answer on %s", (_name, express) => {
  it("is a page that allows its style sheet and nothing else, also where helmet is mounted", async () => {
    const sample = sampleApp({ express, prepare: (app) => void app.use(helmet()) });
    const { status, text, headers } = await sample.browser().get(callback);
    const style = /<style>([^]*)<\/style>/.exec(text)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");

    expect(status).toBe(400);
    expect(headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(headers["content-security-policy"]).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(headers).toMatchObject({
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    });
    expect(text).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(text).toContain('href="/auth/bitbucket"');
  });

  it("is JSON for a program", async () => {
    const { status, body, headers } = await sampleApp({ express })
      .browser()
      .get(callback, { Accept: "application/json" });
    expect(status).toBe(400);
    expect(headers).toMatchObject({ "cache-control": "no-store", "referrer-policy": "no-referrer" });
    expect(body).toMatchObject({ code: "state_mismatch", action: "reauthorize", transient: false });
  });

  it("is whatever onError makes of it, with the status set", async () => {
    const sample = sampleApp({
      express,
      onError: (error, _req, res) => void res.send(`mine: ${error.name}`),
    });
    const { status, text, headers } = await sample.browser().get(callback);
    expect([status, text]).toEqual([400, "mine: StateMismatchError"]);
    expect(headers["cache-control"]).toBe("no-store");
  });

  it("goes to the app's error handler when onError fails", async () => {
    const sample = sampleApp({ express, onError: () => Promise.reject(new Error("no template")) });
    expect((await sample.browser().get(callback)).text).toContain("no template");
  });
});
