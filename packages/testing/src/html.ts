const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text made safe for a page or an attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** A whole page in the colours of the reader's system; `title` is text, `body` is trusted HTML. */
export function htmlPage(title: string, body: string, style = ""): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark; --page: #f5f6f8; --card: #fff; --text: #1c2430; --muted: #56606f; --line: #ccd3dc; --action: #0b57d0; --on-action: #fff; --good: #0b6b3a; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14181f; --card: #1d232d; --text: #e8ecf2; --muted: #a3aebd; --line: #3b4553; --action: #8ab4f8; --on-action: #0d1a2d; --good: #7ddca2; --bad: #ffb4ab; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 30rem; margin: 10vh auto; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
h1 { margin-top: 0; font-size: 1.35rem; line-height: 1.3; }
code { font: .92em ui-monospace, monospace; overflow-wrap: anywhere; }
a { color: var(--action); }
:focus-visible { outline: 3px solid var(--action); outline-offset: 2px; }
${style}
</style>
</head>
<body>
${body}
</body>
</html>
`;
}
