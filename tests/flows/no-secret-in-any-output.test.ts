import { inspect } from "node:util";
import { isBitbucketAuthError, type BitbucketAuthEvent, type Logger } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { rejection, signedInApp } from "./signed-in-app.ts";

const everyEvent: readonly BitbucketAuthEvent[] = [
  "refreshed",
  "joined",
  "adopted",
  "failed",
  "persistFailed",
  "persisted",
  "leaseLost",
  "leaseWaited",
  "conflict",
  "siblingMerged",
  "reuseSuspected",
  "storageFailed",
  "signedIn",
  "signedOut",
  "clockSkew",
  "consumerBlocked",
  "consumerUnblocked",
];

/** Everything a value can be made to say. */
function everythingIn(value: unknown): string {
  const said = [inspect(value, { depth: 20, showHidden: true, getters: false }), String(value)];
  said.push(inspect(value, { customInspect: false, depth: 20 }));
  try {
    said.push(JSON.stringify(value));
  } catch {
    // What cannot be serialised says nothing that way.
  }
  if (value instanceof Error) said.push(value.stack ?? "", everythingIn(value.cause));
  return said.join("\n");
}

describe("what the library says", () => {
  it("holds no token, secret or their base64 in any log, event, error or printed token set", async () => {
    const said: string[] = [];
    const log = (message: string, fields?: object): void => void said.push(message, everythingIn(fields));
    const logger: Logger = { debug: log, info: log, warn: log, error: log };
    const { mock, auth, grant, expire } = await signedInApp({
      logger,
      logging: true,
      timeoutMs: 40,
      bitbucket: { profile: "cloud-2026" },
      refresh: { rereadMs: 0 },
    });
    const secrets = new Set<string>([grant.clientOptions.clientSecret]);
    const learn = (): void => {
      const { accessToken, refreshToken = accessToken } = mock.grant(grant).tokens;
      secrets.add(accessToken).add(refreshToken);
    };
    for (const event of everyEvent) auth.on(event, (happened) => said.push(everythingIn(happened)));

    const echo = {
      error: "invalid_grant",
      error_description: `no: ${grant.tokens.refreshToken} for ${grant.clientOptions.clientSecret}`,
    };
    const faults = [
      {
        answer: {
          status: 400,
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ ...echo, error: "invalid_scope" }),
        },
      },
      { status: 500 },
      { status: 429 },
      { hang: true },
      { network: "reset" },
      { body: "truncated" },
      { oauth: "unauthorized_client" },
    ] as const;
    for (const fault of faults) {
      await expire();
      mock.faults.next("token", fault, 2);
      const error = await rejection(auth.getAccessToken("alice"));
      expect(isBitbucketAuthError(error)).toBe(true);
      said.push(everythingIn(error));
      mock.faults.clear();
      await mock.clock.advance("2m");
      said.push(everythingIn(await auth.getTokens("alice")));
      learn();
    }
    mock.grant(grant).expireAccessToken();
    said.push(everythingIn(await rejection(auth.fetchFor("alice")("/2.0/user"))));
    said.push(everythingIn(await rejection(auth.fetchFor("alice")("https://evil.example/"))));
    said.push(
      everythingIn(await rejection(auth.saveTokens("bob", { ...grant.tokens, expiresAt: Number.NaN }))),
    );
    await auth.close();
    said.push(everythingIn(await rejection(auth.getAccessToken("alice"))), everythingIn(auth));

    const output = said.join("\n");
    expect(output.length).toBeGreaterThan(5_000);
    const leaked = [...secrets].filter(
      (secret) =>
        output.includes(secret) || output.includes(Buffer.from(secret).toString("base64").slice(0, -4)),
    );
    expect(leaked.length).toBe(0);
  });
});
