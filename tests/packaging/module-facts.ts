import ts from "typescript5";

/** What can be told of a built module without running it. */
export interface ModuleFacts {
  /** What it imports, requires or refers to from outside its package: `zod/mini`, `node:fs`. Types count. */
  readonly imports: readonly string[];
  /** Whether it awaits while it loads: `require()` cannot take such a module (`ERR_REQUIRE_ASYNC_MODULE`). */
  readonly awaitsOnLoad: boolean;
}

const known = new Map<string, ModuleFacts>();

/** Reads a `.js` or `.d.ts` file. One that was read before is not parsed again. */
export function readModule(text: string): ModuleFacts {
  const facts = known.get(text) ?? parseModule(text);
  known.set(text, facts);
  return facts;
}

function parseModule(text: string): ModuleFacts {
  // Parsed, not scanned as `ts.preProcessFile()` does, which takes a quotation mark in a regular expression for a string's.
  const file = ts.createSourceFile("module.js", text, ts.ScriptTarget.ESNext);
  const names = [...importsOf(file), ...file.typeReferenceDirectives.map(({ fileName }) => fileName)];
  return { imports: names.filter((name) => !name.startsWith(".")), awaitsOnLoad: awaitsOnLoad(file) };
}

function importsOf(node: ts.Node): readonly string[] {
  const found = specifiersOf(node).flatMap((each) =>
    each && ts.isStringLiteralLike(each) ? [each.text] : [],
  );
  ts.forEachChild(node, (child) => void found.push(...importsOf(child)));
  return found;
}

/** Where a module is named: `import`, `export from`, `import()`, `require()`, a type's `import("…")`, `declare module`. */
function specifiersOf(node: ts.Node): readonly (ts.Node | undefined)[] {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return [node.moduleSpecifier];
  if (ts.isExternalModuleReference(node)) return [node.expression];
  if (ts.isModuleDeclaration(node)) return [node.name];
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? [node.argument.literal] : [];
  if (!ts.isCallExpression(node)) return [];
  const { expression } = node;
  const isRequire = ts.isIdentifier(expression) && expression.text === "require";
  return isRequire || expression.kind === ts.SyntaxKind.ImportKeyword ? node.arguments.slice(0, 1) : [];
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
