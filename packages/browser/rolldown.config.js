import process from "node:process";
import { fileURLToPath } from "node:url";
import { defineConfig } from "rolldown";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Which modules of core get a page's edition of a dependency. See docs/decisions/0015-the-browser-bundle.md. */
const editions = [
  {
    of: "zod/mini",
    for: /\/token-endpoint\/(?:token-response|oauth-error-body)\.js$/,
    is: at("dist/bundle/zod-mini.js"),
  },
  { of: "ofetch", for: /\/token-endpoint\/token-request\.js$/, is: at("dist/bundle/ofetch.js") },
];

const pageEditions = {
  name: "page-editions",
  resolveId: (source, importer = "") =>
    editions.find((edition) => edition.of === source && edition.for.test(importer.replaceAll("\\", "/")))?.is,
};

const bundle = (file, minify) =>
  defineConfig({
    input: at("dist/global.js"),
    platform: "browser",
    plugins: [pageEditions],
    // A warning here is an edition that lacks something core uses by now: the bundle would break where it is loaded.
    onLog(level, { message }) {
      if (level === "warn") throw new Error(message);
    },
    output: { file: at(`dist/${file}`), format: "iife", name: "bitbucketAuth", minify, sourcemap: true },
  });

const bundles = {
  dev: bundle("bitbucket-auth.js", false),
  prod: bundle("bitbucket-auth.min.js", true),
};

/** `--environment BUNDLE:dev` or `BUNDLE:prod` makes one of the two; without it, both are made. */
const wanted = bundles[process.env.BUNDLE];

export default wanted ? [wanted] : Object.values(bundles);
