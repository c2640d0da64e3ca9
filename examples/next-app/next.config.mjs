import { fileURLToPath } from "node:url";

/** Our packages lie outside this folder here; an app that has installed them needs none of this. */
const root = fileURLToPath(new URL("../..", import.meta.url));

export default {
  // The keyring that storage-file can use is a binary: no bundler can take it in.
  serverExternalPackages: ["@napi-rs/keyring"],
  turbopack: { root },
  outputFileTracingRoot: root,
};
