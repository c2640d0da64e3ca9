import { Converter, DocumentReflection, MinimalSourceFile, normalizePath, type Application } from "typedoc";
import { basename, join } from "node:path";
import { root } from "./root.ts";
import type { Group } from "./site-pages.ts";

/** A list of the decisions, for links to their folder: a code host shows one there, a site has to write it. */
export function listDecisions({ converter }: Application): void {
  const folder = join(root, "docs", "decisions");
  converter.on(Converter.EVENT_CREATE_PROJECT, (_context, project) => {
    const decisions = (project.documents ?? []).flatMap((page) => {
      const file = project.files.getReflectionPath(page);
      return file?.startsWith(folder) ? [`- [${page.name}](${basename(file)})`] : [];
    });
    const path = normalizePath(join(folder, "index.md"));
    const text = ["# Decisions", "", "What was chosen, and why.", "", ...decisions].join("\n");
    const { content } = converter.parseRawComment(new MinimalSourceFile(text, path), project.files);
    const page = new DocumentReflection("All decisions", project, content, {
      group: "Decisions" satisfies Group,
    });
    project.addChild(page);
    project.registerReflection(page, undefined, path);
    project.files.registerReflectionPath(normalizePath(folder), page);
  });
}
