import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { folderOf } from "./install-rivals.ts";

const scheme = "rival:";

/** Parts of a rival that its README has users import: where they are installed. */
const broughtBy: Readonly<Record<string, string>> = { "@octokit/request": "@octokit/auth-oauth-user" };

/** Makes `import … from "rival:arctic"` load arctic from the folder in which it was installed alone. */
export function resolveRivals(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (!specifier.startsWith(scheme)) return next(specifier, context);
      const name = specifier.slice(scheme.length);
      const [first = "", second = ""] = name.split("/");
      const rival = first.startsWith("@") ? `${first}/${second}` : first;
      const parentURL = pathToFileURL(join(folderOf(broughtBy[rival] ?? rival), "index.js")).href;
      return next(name, { ...context, parentURL });
    },
  });
}
