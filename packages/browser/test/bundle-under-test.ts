import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createContext, Script } from "node:vm";
import type * as Bundle from "../src/global.ts";

/** Where a built bundle is. */
export function bundlePath(name: "bitbucket-auth.js" | "bitbucket-auth.min.js"): string {
  return fileURLToPath(new URL(`../dist/${name}`, import.meta.url));
}

/** What the Web platform gives everywhere, workers included; no `window`, no `document`, no `process`. */
const platform = {
  AbortController,
  AbortSignal,
  atob,
  btoa,
  clearInterval,
  clearTimeout,
  crypto,
  Headers,
  performance,
  queueMicrotask,
  setInterval,
  setTimeout,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
};

/** Runs a built bundle as a `<script>` would, where eval is forbidden, and answers the global it made. */
export function loadBundle(
  name: "bitbucket-auth.js" | "bitbucket-auth.min.js",
  globals: Readonly<Record<string, unknown>> = {},
): typeof Bundle {
  const context = createContext(
    { ...platform, ...globals },
    { codeGeneration: { strings: false, wasm: false } },
  );
  new Script(readFileSync(bundlePath(name), "utf8"), { filename: name }).runInContext(context);
  return (context as { bitbucketAuth: typeof Bundle }).bitbucketAuth;
}
