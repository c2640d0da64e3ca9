import * as config from "../src/config.ts";
import * as main from "../src/index.ts";
import * as internal from "../src/internal.ts";
import * as oauth from "../src/oauth.ts";
import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";

/** The values of the main entry; its types are in the documentation of each. */
const promised = [
  "bitbucketCloud",
  "configStorage",
  "createBitbucketAuth",
  "createMemoryStorage",
  "getAccessToken",
  "getTokens",
  "gitCredentials",
  "isBitbucketAuthError",
  "readApiError",
  "serializeTokens",
];

/** What has moved and works in its old place for one release. */
const moved: Readonly<Record<"oauth" | "config" | "internal", readonly string[]>> = {
  oauth: [
    "buildAuthorizationUrl",
    "createAuthorizationTransaction",
    "exchangeAuthorizationCode",
    "exchangeConnectJwt",
    "readAuthorizationCallback",
    "refreshTokens",
    "requestClientCredentials",
  ],
  config: [
    "createRequestHandler",
    "handleError",
    "handleSuccess",
    "isSuccess",
    "isUnauthorized",
    "readImplicitCallback",
    "requestPassword",
    "sendRequest",
  ],
  internal: ["equalInConstantTime", "isSafeAddress", "readApiAddress", "storageFromConfig", "systemClock"],
};

describe("the entries", () => {
  it("export from the main entry what it promises, its error classes and what has moved", () => {
    const errors = Object.keys(main).filter((name) => name.endsWith("Error") && /^[A-Z]/.test(name));
    expect(errors).toHaveLength(19);
    expect(Object.keys(main).toSorted()).toEqual(
      [...promised, ...errors, ...Object.values(moved).flat()].toSorted(),
    );
  });

  it("export the very same values at the old place and the new one", () => {
    const entries: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { oauth, config, internal };
    const old: Readonly<Record<string, unknown>> = main;
    for (const [entry, names] of Object.entries(moved))
      for (const name of names) expect([name, entries[entry]?.[name]]).toEqual([name, old[name]]);
  });

  it("mark every name that has moved as deprecated, with the entry it has moved to", async () => {
    const text = await readFile(new URL("../src/index.ts", import.meta.url), "utf8");
    for (const [entry, names] of Object.entries(moved))
      for (const name of names)
        expect(text).toMatch(new RegExp(`@deprecated [^*]*core/${entry}\`\\. \\*/\\s+${name},`));
  });

  it("of oauth and config export functions, and bitbucketCloud", () => {
    expect(Object.keys(oauth).toSorted()).toEqual(
      [...moved.oauth, "bitbucketCloud", "createUsedStates", "serializeTokens"].toSorted(),
    );
    expect(Object.keys(config).toSorted()).toEqual([...moved.config].toSorted());
  });

  it("say Uint8Array without an argument in their types: TypeScript knows one from 5.7 on", async () => {
    const dist = new URL("../dist/", import.meta.url);
    const files = (await readdir(dist, { recursive: true })).filter((file) => file.endsWith(".d.ts"));
    const types = await Promise.all(files.map((file) => readFile(new URL(file, dist), "utf8")));
    expect(files).toContain("index.d.ts");
    expect(types.filter((text) => text.includes("Uint8Array<"))).toEqual([]);
  });

  it("make no object of the platform and no schema on import", async () => {
    const text = await Promise.all(
      ["api/call.ts", "api/error-body.ts", "authorization/transaction.ts", "config/config-storage.ts"].map(
        (file) => readFile(new URL(`../src/${file}`, import.meta.url), "utf8"),
      ),
    );
    for (const source of text) expect(source).not.toMatch(/^const [^\n]*= (?:new Headers|z\.)/m);
  });
});
