import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBitbucketAuth, isBitbucketAuthError, type BitbucketAuth } from "@bitbucket-auth/core";
import { createFileStorage } from "@bitbucket-auth/storage-file";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { check, type Steps } from "./run-steps.ts";

/** What the file storage promises to the processes of one host; two storages on one directory stand for two of them. */
export function storageFileFlow(): Steps {
  const mock = createBitbucketMock({ profile: "strict" });
  const { clientOptions, tokens } = mock.issueGrant();
  let directory = "";
  const open = (): BitbucketAuth =>
    createBitbucketAuth({
      ...clientOptions,
      fetch: mock.fetch,
      clock: mock.clock,
      storage: createFileStorage({ directory }),
      encryption: { current: "k1", keys: { k1: new Uint8Array(32).fill(7) } },
    });
  const both: BitbucketAuth[] = [];

  return {
    async "save and read back"() {
      directory = await mkdtemp(join(tmpdir(), "storage-file-flow-"));
      both.push(open(), open());
      await both[0]?.saveTokens("alice", tokens);
      check(
        (await both[1]?.getAccessToken("alice")) === tokens.accessToken,
        "The other one read another token",
      );
    },

    async "one refresh for both"() {
      await mock.clock.advance("2h");
      const callers = both.flatMap((auth) => Array.from({ length: 20 }, () => auth.getAccessToken("alice")));
      check(new Set(await Promise.all(callers)).size === 1, "They did not all get the same token");
      const refreshes = mock.requests.token("refresh_token").length;
      check(refreshes === 1 && mock.violations.length === 0, `${refreshes} refreshes`);
    },

    async "private and sealed"() {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      for (const { parentPath, name } of files) {
        const path = join(parentPath, name);
        check(((await stat(path)).mode & 0o077) === 0, `${name} can be read by others`);
        const text = await readFile(path, "latin1");
        check(!text.includes(tokens.accessToken.slice(0, 40)), `${name} holds a token`);
      }
      check(files.length > 0, "There are no files");
    },

    async "sign out of both"() {
      await both[0]?.signOut("alice");
      const third = open();
      const error: unknown = await third.getAccessToken("alice").catch((reason: unknown) => reason);
      check(
        isBitbucketAuthError(error) && error.code === "signed_out",
        `After signing out: ${String(error)}`,
      );
      await Promise.all([...both, third].map((auth) => auth.close()));
      await rm(directory, { recursive: true });
    },
  };
}
