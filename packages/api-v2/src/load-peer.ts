import { createRequire } from "node:module";
import { InvalidOptionsError } from "@bitbucket-auth/core";

const installBitbucketApiV2 = `
It depends on a Git repository that npm 12 refuses to fetch, and that it never loads. Leave that out:
  npm   in package.json: "overrides": { "bitbucket-api-v2": { "bitbucket-auth": "npm:bitbucket-auth@0.5.4" } }
        then: npm install bitbucket-api-v2
  pnpm  in pnpm-workspace.yaml: overrides: { "bitbucket-api-v2>bitbucket-auth": "-" }
        then: pnpm add bitbucket-api-v2
  yarn  in package.json: "resolutions": { "bitbucket-api-v2/bitbucket-auth": "npm:bitbucket-auth@0.5.4" }
        then: yarn add bitbucket-api-v2`;

const require: NodeJS.Require = createRequire(import.meta.url);

/** Loads `bitbucket-api-v2`. Throws `InvalidOptionsError` that says how to install it when it is not there. */
export function requireBitbucketApiV2(): ReturnType<NodeJS.Require> {
  return required("bitbucket-api-v2", () => require("bitbucket-api-v2"));
}

/** Loads `bitbucket`. Throws `InvalidOptionsError` when it is not there. */
export function requireBitbucket(): ReturnType<NodeJS.Require> {
  return required("bitbucket", () => require("bitbucket"));
}

/** At once, because `createBitbucketAPI()` is no promise. */
function required(name: string, load: () => ReturnType<NodeJS.Require>): ReturnType<NodeJS.Require> {
  try {
    return load();
  } catch (error) {
    throw cannotLoad(name, error);
  }
}

/** Loads an optional ES module. Rejects with `InvalidOptionsError` when its package is not there. */
export async function importPeer<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    throw cannotLoad(name, error);
  }
}

function cannotLoad(name: string, error: unknown): InvalidOptionsError {
  const install =
    name === "bitbucket-api-v2"
      ? installBitbucketApiV2
      : ` npm install ${name}, pnpm add ${name} or yarn add ${name}`;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const isMissing = code.endsWith("MODULE_NOT_FOUND") && String(error).includes(`'${name}`);
  if (isMissing) return new InvalidOptionsError(`${name} is not installed. Install it:${install}`);
  return new InvalidOptionsError(
    `${name} is installed and cannot be loaded (${code || "it threw"}). Install it again:${install}`,
  );
}
