import { InvalidOptionsError } from "@bitbucket-auth/core";

const installBitbucketApiV2 = `
It depends on a Git repository that npm 12 refuses to fetch, and that it never loads. Leave that out:
  npm   in package.json: "overrides": { "bitbucket-api-v2": { "bitbucket-auth": "npm:bitbucket-auth@0.5.4" } }
        then: npm install bitbucket-api-v2
  pnpm  in pnpm-workspace.yaml: overrides: { "bitbucket-api-v2>bitbucket-auth": "-" }
        then: pnpm add bitbucket-api-v2
  yarn  in package.json: "resolutions": { "bitbucket-api-v2/bitbucket-auth": "npm:bitbucket-auth@0.5.4" }
        then: yarn add bitbucket-api-v2`;

/** Loads `bitbucket-api-v2`. Throws `InvalidOptionsError` that says how to install it when it is not there. */
export function requireBitbucketApiV2(): ReturnType<NodeJS.Require> {
  return requirePeer("bitbucket-api-v2");
}

/** Loads `bitbucket`. Throws `InvalidOptionsError` when it is not there. */
export function requireBitbucket(): ReturnType<NodeJS.Require> {
  return requirePeer("bitbucket");
}

/**
 * Loads a package synchronously, because `createBitbucketAPI()` returns no promise; from beside this file, else from beside the program.
 * In a bundle this file has no place: esbuild leaves `import.meta.url` out of CommonJS, and webpack writes the path there that
 * the file had when it was bundled.
 */
function requirePeer(name: string): ReturnType<NodeJS.Require> {
  // Asked for and not imported: a bundle for a worker or a page, which uses none of these clients, could not be built.
  const node = globalThis.process?.getBuiltinModule?.("node:module");
  if (node === undefined)
    throw new InvalidOptionsError(
      `${name} is loaded with Node's \`require\`, which this runtime does not have. Use createClientFetch() and paginate() here.`,
    );
  const here: string | undefined = import.meta.url;
  const places = [here, process.argv[1]].filter((place) => place !== undefined);
  let failure: unknown;
  for (const place of places) {
    try {
      return node.createRequire(place)(name);
    } catch (error) {
      failure ??= error;
      if (!isMissing(name, error)) break;
    }
  }
  throw cannotLoad(name, failure);
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
  if (isMissing(name, error))
    return new InvalidOptionsError(`${name} is not installed. Install it:${install}`);
  return new InvalidOptionsError(
    `${name} is installed and cannot be loaded (${codeOf(error) || "it threw"}). Install it again:${install}`,
  );
}

function isMissing(name: string, error: unknown): boolean {
  return codeOf(error).endsWith("MODULE_NOT_FOUND") && String(error).includes(`'${name}`);
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}
