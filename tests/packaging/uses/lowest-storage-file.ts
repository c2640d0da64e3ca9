import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createFileStorage } from "@bitbucket-auth/storage-file";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { assertRefreshed } from "@bitbucket-auth/testing/node";

const mock = createBitbucketMock({ profile: "strict" });
const { clientOptions, tokens } = mock.issueGrant();
const directory = await mkdtemp(join(tmpdir(), "lowest-storage-file-"));
const auths = Array.from({ length: 2 }, () =>
  createBitbucketAuth({
    ...clientOptions,
    fetch: mock.fetch,
    clock: mock.clock,
    logging: false,
    storage: createFileStorage({ directory }),
    encryption: { current: "k1", keys: { k1: new Uint8Array(32) } },
  }),
);
await auths[0]?.saveTokens("alice", tokens);
await mock.clock.advance("2h");
const served = new Set(await Promise.all(auths.map((auth) => auth.getAccessToken("alice"))));
if (served.size !== 1) throw new Error(`${served.size} tokens`);
assertRefreshed(mock, 1);
for (const auth of auths) await auth.close();
await rm(directory, { recursive: true });

// The keyring itself belongs to the user who runs this: what the storage asks of it is there, and nothing is asked.
const { AsyncEntry } = createRequire(import.meta.url)("@napi-rs/keyring");
for (const name of ["getPassword", "setPassword"])
  if (typeof AsyncEntry.prototype[name] !== "function") throw new Error(`The keyring has no ${name}()`);
