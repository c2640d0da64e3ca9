import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MinimalSourceFile, normalizePath, type Application, type DeclarationReflection } from "typedoc";

/** Puts the README of a package before its reference. A link to the package's folder or to its README leads there. */
export function readPackageReadme(
  { converter, logger }: Application,
  packagePage: DeclarationReflection,
  packageFolder: string,
): void {
  const { files } = packagePage.project;
  const path = normalizePath(join(packageFolder, "README.md"));
  if (!existsSync(path)) {
    logger.error(`${packagePage.name} has no README.md`);
    return;
  }
  // The page has a title already.
  const text = readFileSync(path, "utf8").replace(/^# .+\n/, "");
  const readme = new MinimalSourceFile(text, path);
  packagePage.readme = converter.parseRawComment(readme, files).content;
  files.registerReflectionPath(path, packagePage);
  files.registerReflectionPath(normalizePath(packageFolder), packagePage);
}
