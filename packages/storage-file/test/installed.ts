import { cp, mkdir, readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const packages = fileURLToPath(new URL("../..", import.meta.url));

/** A dependency of core, where it really lies. */
export const dependencyPath = (name: string): Promise<string> =>
  realpath(join(packages, "core", "node_modules", name));

/**
 * Puts `core` and `storage-file` into a directory as a user has them: built, with nothing beside them but what they
 * depend on. The optional peer is not among it.
 */
export async function installInto(nodeModules: string): Promise<void> {
  const scope = join(nodeModules, "@bitbucket-auth");
  for (const name of ["core", "storage-file"]) {
    await mkdir(join(scope, name), { recursive: true });
    await cp(join(packages, name, "dist"), join(scope, name, "dist"), { recursive: true });
    const { exports, dependencies = {} } = JSON.parse(
      await readFile(join(packages, name, "package.json"), "utf8"),
    );
    const anyVersion = Object.fromEntries(Object.keys(dependencies).map((each) => [each, "*"]));
    const peers = name === "core" ? {} : { peerDependencies: { "@bitbucket-auth/core": "*" } };
    await writeFile(
      join(scope, name, "package.json"),
      JSON.stringify({
        name: `@bitbucket-auth/${name}`,
        version: "1.0.0",
        type: "module",
        sideEffects: false,
        exports,
        dependencies: anyVersion,
        ...peers,
      }),
    );
  }
}

/** Gives core its dependencies, for programs that look for them in `node_modules`. */
export async function linkDependencies(nodeModules: string): Promise<void> {
  for (const name of ["ofetch", "zod"]) {
    await mkdir(dirname(join(nodeModules, name)), { recursive: true });
    await symlink(await dependencyPath(name), join(nodeModules, name));
  }
}
