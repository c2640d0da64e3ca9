import { describe, expect, it } from "vitest";
import type { BitbucketAuth } from "../src/bitbucket-auth.ts";
import { createBitbucketAuth } from "../src/create-bitbucket-auth.ts";
import { createMemoryStorage } from "../src/storage/memory-storage.ts";
import type { TokenStorage } from "../src/storage/token-storage.ts";

/** A storage whose look-ups wait until the test lets them go, and count. */
function slowStorage(): { readonly storage: TokenStorage; readonly looks: () => number; release(): void } {
  const inner = createMemoryStorage();
  let looks = 0;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  return {
    looks: () => looks,
    release: () => release(),
    storage: {
      ...inner,
      async get(key) {
        looks++;
        await released;
        return inner.get(key);
      },
    },
  };
}

async function signedIn(storage: TokenStorage, accounts: readonly string[]): Promise<BitbucketAuth> {
  const auth = createBitbucketAuth({
    clientId: "id",
    clientSecret: "secret",
    storage,
    logging: false,
    fetch: () => Promise.reject(new Error("nothing is to be sent")),
  });
  const expiresAt = Date.now() + 7_200_000;
  for (const account of accounts)
    await auth.saveTokens(account, {
      accessToken: account,
      refreshToken: `r-${account}`,
      expiresAt,
      tokenType: "bearer",
    });
  return auth;
}

describe("close()", () => {
  it("gives no token any more, not even one it has in memory", async () => {
    const auth = await signedIn(createMemoryStorage(), ["ann"]);
    await expect(auth.getAccessToken("ann")).resolves.toBe("ann");
    const closed = auth.close();
    await expect(auth.getAccessToken("ann")).rejects.toMatchObject({ code: "closed" });
    await closed;
  });

  it.each<readonly [string, (auth: BitbucketAuth) => Promise<unknown>]>([
    ["keepAlive()", (auth) => auth.keepAlive()],
    ["rekey()", (auth) => auth.rekey()],
  ])("ends a walk of %s before the next grant, and waits until it has ended", async (_walk, walk) => {
    const { storage, looks, release } = slowStorage();
    const auth = await signedIn(storage, ["ann", "bob", "cy"]);
    const walking = walk(auth).catch((error: unknown) => error);
    while (looks() === 0) await Promise.resolve();
    const closed = auth.close();
    release();
    await closed;
    const looked = looks();
    expect(looked).toBe(1);
    expect(await walking).toMatchObject({ code: "closed" });
    expect(looks()).toBe(looked);
  });

  it.each<readonly [string, (auth: BitbucketAuth) => Promise<unknown>]>([
    [
      "saveTokens()",
      (auth) => auth.saveTokens("bob", { accessToken: "b", expiresAt: 1, tokenType: "bearer" }),
    ],
    ["signOut()", (auth) => auth.signOut("ann")],
    ["keepAlive()", (auth) => auth.keepAlive()],
    ["rekey()", (auth) => auth.rekey()],
  ])("refuses %s afterwards, and leaves the storage alone", async (_name, call) => {
    const storage = createMemoryStorage();
    const auth = await signedIn(storage, ["ann"]);
    await auth.close();
    await expect(call(auth)).rejects.toMatchObject({ code: "closed" });
    expect(await Array.fromAsync(storage.list?.("") ?? [])).toHaveLength(1);
  });
});
