import { describe, expect, it } from "vitest";
import { createBitbucketMock, type CredentialKind } from "../src/index.ts";

const kinds: readonly CredentialKind[] = [
  "api-token",
  "repository-access-token",
  "project-access-token",
  "workspace-access-token",
  "app-password",
];

describe("issueCredential()", () => {
  it.each(kinds)("makes a credential of the kind %s that the log and the leak search know", async (kind) => {
    const mock = createBitbucketMock({ profile: { appPasswords: "accepted" } });
    const { token, authorization } = mock.issueCredential({ kind });
    const answer = await mock.fetch(`${mock.urls.api}/2.0/repositories/acme/website`, {
      headers: { authorization },
    });
    expect(answer.status).toBe(200);
    expect(mock.leaks(authorization)).toHaveLength(1);
    expect(mock.leaks(`the token is ${token}`)).toEqual([`a credential of the kind ${kind}`]);
    expect(mock.leaks(JSON.stringify(mock.requests.all))).toEqual([]);
  });

  it("gives an API token a year, and access tokens no end", () => {
    const mock = createBitbucketMock();
    const now = mock.clock.now();
    expect(mock.issueCredential({ kind: "api-token" }).expiresAt).toBeGreaterThanOrEqual(
      now + 31_536_000_000,
    );
    expect(mock.issueCredential({ kind: "project-access-token" })).not.toHaveProperty("expiresAt");
    const { expiresAt } = mock.issueCredential({ kind: "workspace-access-token", lifeMs: 1_000 });
    expect(expiresAt).toBeLessThan(now + 60_000);
  });

  it("throws for a kind there is not, and names those there are", () => {
    const mock = createBitbucketMock();
    const kind = "ssh-key" as CredentialKind;
    expect(() => mock.issueCredential({ kind })).toThrow("Known are api-token, repository-access-token");
  });

  it("keeps credentials in a snapshot and forgets them on reset", () => {
    const mock = createBitbucketMock();
    const { token } = mock.issueCredential({ kind: "api-token" });
    const snapshot = mock.snapshot();
    mock.reset();
    expect(() => mock.credentials.of(token)).toThrow("no such credential");
    mock.restore(snapshot);
    expect(mock.credentials.of(token).kind).toBe("api-token");
  });

  it("tells a client what it did wrong", async () => {
    const mock = createBitbucketMock();
    const { token } = mock.issueCredential({ kind: "api-token" });
    await mock.fetch(`${mock.urls.api}/2.0/user`, { headers: { authorization: `Bearer ${token}` } });
    expect(mock.violations).toMatchObject([{ message: expect.stringContaining("e-mail address") }]);
  });
});
