import { readFile } from "node:fs/promises";
import type { Plugin } from "rolldown";

/** What ofetch imports for options that no request of ours has: `baseURL`, `query`, `parseResponse`, JSON without a stream. */
const unreached: readonly string[] = ["ufo", "destr"];
const unreachedModule = "\0unreached";
const unreachedText = `
function unreached() {
  throw new Error("ofetch: not built in");
}
export { unreached as withBase, unreached as withQuery, unreached as default };
`;

/** Where ofetch has `createFetch()`. */
const ofetchModule = /\/ofetch\/dist\/shared\/ofetch\.[\w-]+\.mjs$/;

/** A text of another project, and what is built in instead. */
interface Replacement {
  readonly file: RegExp;
  readonly text: string;
  readonly instead: string;
}

/**
 * Statements that run when their module is loaded. A bundler keeps each of these in every program, because reading a global could do
 * something. None of them does.
 */
const loadTimeStatements: readonly Replacement[] = [
  assignment(
    ofetchModule,
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
    instead: "export const globalConfig = /* @__PURE__ */ (() => (globalThis.__zod_globalConfig ??= {}))();",
  },
];

function assignment(file: RegExp, name: string, value: string): Replacement {
  return {
    file,
    text: `${name} = ${value};`,
    instead: `${name} = /* @__PURE__ */ (() => ${value})();`,
  };
}

/**
 * ofetch's own retry and its own time limit. A token request must never be sent twice unasked, and has a limit of ours, which ends
 * the body as well.
 */
const ownWays: readonly Replacement[] = [
  {
    file: ofetchModule,
    text: `    const isAbort = context.error && context.error.name === "AbortError" && !context.options.timeout || false;
    if (context.options.retry !== false && !isAbort) {
      let retries;
      if (typeof context.options.retry === "number") {
        retries = context.options.retry;
      } else {
        retries = isPayloadMethod(context.options.method) ? 0 : 1;
      }
      const responseCode = context.response && context.response.status || 500;
      if (retries > 0 && (Array.isArray(context.options.retryStatusCodes) ? context.options.retryStatusCodes.includes(responseCode) : retryStatusCodes.has(responseCode))) {
        const retryDelay = typeof context.options.retryDelay === "function" ? context.options.retryDelay(context) : context.options.retryDelay || 0;
        if (retryDelay > 0) {
          await new Promise((resolve) => setTimeout(resolve, retryDelay));
        }
        return $fetchRaw(context.request, {
          ...context.options,
          retry: retries - 1
        });
      }
    }
`,
    instead: "",
  },
  {
    file: ofetchModule,
    text: `    if (!context.options.signal && context.options.timeout) {
      const controller = new AbortController();
      abortTimeout = setTimeout(() => {
        const error = new Error(
          "[TimeoutError]: The operation was aborted due to timeout"
        );
        error.name = "TimeoutError";
        error.code = 23;
        controller.abort(error);
      }, context.options.timeout);
      context.options.signal = controller.signal;
    }
`,
    instead: "",
  },
];

const replacements = [...loadTimeStatements, ...ownWays];

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
    const here = replacements.filter(({ file }) => file.test(id));
    if (here.length === 0) return null;
    let code = await readFile(id, "utf8");
    for (const { text, instead } of here) {
      if (!code.includes(text)) throw new Error(`${id} does not say any more: ${text}`);
      code = code.replace(text, () => instead);
    }
    return code;
  },
};
