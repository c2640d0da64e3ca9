import { readFile } from "node:fs/promises";
import type { Plugin } from "rolldown";

/** What ofetch imports for options that no request of ours has: `baseURL`, `query`, `parseResponse`, JSON without a stream. */
const unreached: readonly string[] = ["ufo", "destr"];
const unreachedModule = "\0unreached";
const unreachedText = `
function unreached() {
  throw new Error("A part of ofetch that is not built in was called.");
}
export { unreached as withBase, unreached as withQuery, unreached as default };
`;

/** A statement that other projects run when their module is loaded, and the same as an expression that may be left out. */
interface LoadTimeStatement {
  readonly file: RegExp;
  readonly text: string;
  readonly shakable: string;
}

/** A bundler keeps each of these in every program, because reading a global could do something. None of them does. */
const loadTimeStatements: readonly LoadTimeStatement[] = [
  assignment(
    /\/ofetch\/dist\/shared\/ofetch\.[\w-]+\.mjs$/,
    "const payloadMethods",
    'new Set(\n  Object.freeze(["PATCH", "POST", "PUT", "DELETE"])\n)',
  ),
  assignment(
    /\/zod\/v4\/core\/util\.js$/,
    "const captureStackTrace",
    '("captureStackTrace" in Error ? Error.captureStackTrace : (..._args) => { })',
  ),
  assignment(/\/zod\/v4\/core\/core\.js$/, "let _E", '"captureStackTrace" in Error ? Error : null'),
  assignment(
    /\/zod\/v4\/core\/errors\.js$/,
    "const _installedToString",
    "/* @__PURE__ */ new WeakSet([Object.prototype, Error.prototype])",
  ),
  {
    file: /\/zod\/v4\/core\/core\.js$/,
    text: "(_a = globalThis).__zod_globalConfig ?? (_a.__zod_globalConfig = {});\nexport const globalConfig = globalThis.__zod_globalConfig;",
    shakable: "export const globalConfig = /* @__PURE__ */ (() => (globalThis.__zod_globalConfig ??= {}))();",
  },
];

function assignment(file: RegExp, name: string, value: string): LoadTimeStatement {
  return {
    file,
    text: `${name} = ${value};`,
    shakable: `${name} = /* @__PURE__ */ (() => ${value})();`,
  };
}

/**
 * Leaves out of zod and ofetch what a bundler cannot tell to be unused, here and in the programs that import ours. What is left
 * works as before. Throws when their text is no longer what is written here: look at the new one then.
 */
export const shakeBuiltIn: Plugin = {
  name: "shake-built-in",
  resolveId(source, importer) {
    return unreached.includes(source) && importer?.includes("/ofetch/") ? unreachedModule : null;
  },
  async load(id) {
    if (id === unreachedModule) return unreachedText;
    const here = loadTimeStatements.filter(({ file }) => file.test(id));
    if (here.length === 0) return null;
    let code = await readFile(id, "utf8");
    for (const { text, shakable } of here) {
      if (!code.includes(text)) throw new Error(`${id} does not say any more: ${text}`);
      code = code.replace(text, () => shakable);
    }
    return code;
  },
};
