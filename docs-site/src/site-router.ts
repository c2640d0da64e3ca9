import { relative } from "node:path";
import { KindRouter, type Reflection } from "typedoc";
import { root } from "./root.ts";

/** Addresses to read and link to: `docs/guides/many-hosts.html`, `api/core/createBitbucketAuth.html`. */
export class SiteRouter extends KindRouter {
  protected override getIdealBaseName(reflection: Reflection): string {
    if (reflection.isDocument()) {
      const file = reflection.project.files.getReflectionPath(reflection) ?? reflection.name;
      return relative(root, file)
        .replace(/\.md$/, "")
        .replace(/README$/, "index")
        .toLowerCase();
    }
    const path: string[] = [];
    for (let at: Reflection | undefined = reflection; at && !at.isProject(); at = at.parent)
      path.unshift(at.name.replace(/^@bitbucket-auth\//, ""));
    return ["api", ...path].join("/");
  }
}
