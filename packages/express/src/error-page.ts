import { createHash } from "node:crypto";
import type { Problem } from "./problem.js";

const style = `
:root { color-scheme: light dark; --page: light-dark(#f6f7f9, #16181d); --card: light-dark(#fff, #20232a); --ink: light-dark(#1c2230, #e8eaf0); --muted: light-dark(#596275, #a3abbd); --action: light-dark(#0b57d0, #8ab4ff); --on-action: light-dark(#fff, #10131a); }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--page); color: var(--ink); font: 1.0625rem/1.55 system-ui, sans-serif; }
main { max-width: 30rem; width: 100%; padding: 2rem; background: var(--card); border-radius: 12px; box-shadow: 0 1px 3px rgb(0 0 0 / .15); }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1.5rem; }
nav { display: flex; flex-wrap: wrap; gap: .75rem; }
a { display: inline-flex; align-items: center; min-height: 2.75rem; padding: 0 1.25rem; border-radius: 8px; color: var(--action); font-weight: 600; text-decoration: none; border: 1px solid; }
a.first { background: var(--action); color: var(--on-action); border-color: var(--action); }
a:focus-visible { outline: 3px solid var(--action); outline-offset: 2px; }
small { display: block; margin-top: 1.5rem; color: var(--muted); }
`;

/** Allows the page its one style sheet and nothing else. It stands in for whatever policy the app has. */
export const errorPagePolicy: string = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The page for a problem: what happened, and what to do. Works without scripts. */
export function errorPage(
  { title, text, next }: Problem,
  {
    code,
    loginPath,
    homePath,
  }: { readonly code: string; readonly loginPath: string; readonly homePath: string },
): string {
  const home = `<a${next === "sign-in" ? "" : ' class="first"'} href="${homePath}">Back to the start</a>`;
  const signIn = `<a class="first" href="${loginPath}">Sign in with Bitbucket</a>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>${text}</p>
<nav aria-label="What you can do">${next === "sign-in" ? signIn : ""}${home}</nav>
<small>Code: ${code}</small>
</main>
</body>
</html>
`;
}
