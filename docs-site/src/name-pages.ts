import { basename, dirname } from "node:path";
import { Comment, CommentTag, Converter, normalizePath, ReflectionKind, type Application } from "typedoc";
import type { PublishedModule } from "./published-modules.ts";
import { readPackageReadme } from "./package-readme.ts";
import type { Group } from "./site-pages.ts";

/** Names each page: a page of Markdown after its heading, a module after what stands behind `from`. */
export function namePages(
  app: Application,
  pages: ReadonlyMap<string, Group>,
  modules: readonly PublishedModule[],
): void {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, page) => {
    const file = page.project.files.getReflectionPath(page) ?? "";
    const text = page.content.map((part) => part.text).join("");
    page.name = /^# (.+)$/m.exec(text)?.[1]?.replaceAll("`", "") ?? page.name;
    page.frontmatter["group"] = pages.get(file);
    // A link to the folder leads to its README, as it does on a code host.
    if (basename(file) === "README.md")
      page.project.files.registerReflectionPath(normalizePath(dirname(file)), page);
  });
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, ({ project }, declaration) => {
    if (!declaration.kindOf(ReflectionKind.Module)) return;
    const file = project.files.getReflectionPath(declaration);
    const module = modules.find(({ sourceFile }) => sourceFile === file);
    if (!module) throw new Error(`No package exports ${file ?? declaration.name}`);
    declaration.name = module.name;
    const group = new CommentTag("@group", [{ kind: "text", text: "Packages" satisfies Group }]);
    declaration.comment = new Comment(declaration.comment?.summary ?? [], [group]);
    if (module.name === module.packageName) readPackageReadme(app, declaration, module.packageFolder);
  });
}
