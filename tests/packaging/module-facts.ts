import ts from "typescript5";

/** What can be told of a built module without running it. */
export interface ModuleFacts {
  /** What it imports, requires or refers to from outside its package: `zod/mini`, `node:fs`. Types count. */
  readonly imports: readonly string[];
  /** Whether it awaits while it loads: `require()` cannot take such a module (`ERR_REQUIRE_ASYNC_MODULE`). */
  readonly awaitsOnLoad: boolean;
}

/** Reads a `.js` or `.d.ts` file. */
export function readModule(text: string): ModuleFacts {
  const { importedFiles, typeReferenceDirectives } = ts.preProcessFile(text, true, true);
  const names = [...importedFiles, ...typeReferenceDirectives].map(({ fileName }) => fileName);
  return {
    imports: names.filter((name) => !name.startsWith(".")),
    awaitsOnLoad: awaitsOnLoad(ts.createSourceFile("module.js", text, ts.ScriptTarget.ESNext)),
  };
}

function awaitsOnLoad(node: ts.Node): boolean {
  if (ts.isFunctionLike(node)) return false;
  if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier)) return true;
  return ts.forEachChild(node, awaitsOnLoad) ?? false;
}

/** The package that an import names: `zod` for `zod/mini`, `@scope/name` for `@scope/name/part`, `node:fs` for itself. */
export function packageOf(imported: string): string {
  if (imported.startsWith("node:")) return imported;
  return imported.split("/", imported.startsWith("@") ? 2 : 1).join("/");
}
