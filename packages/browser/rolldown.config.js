import process from "node:process";
import { fileURLToPath } from "node:url";
import { defineConfig } from "rolldown";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const bundle = (file, minify) =>
  defineConfig({
    input: at("src/global.ts"),
    platform: "browser",
    // A warning here is an import that the bundle would miss where it is loaded.
    onLog(level, { message }) {
      if (level === "warn") throw new Error(message);
    },
    output: {
      file: at(`dist/${file}`),
      format: "iife",
      name: "bitbucketAuth",
      minify,
      sourcemap: true,
      comments: { annotation: !minify },
    },
  });

const bundles = {
  dev: bundle("bitbucket-auth.js", false),
  prod: bundle("bitbucket-auth.min.js", true),
};

/** `--environment BUNDLE:dev` or `BUNDLE:prod` makes one of the two; without it, both are made. */
const wanted = bundles[process.env.BUNDLE];

export default wanted ? [wanted] : Object.values(bundles);
