interface Token {
  readonly type: string;
  readonly content: string;
  children: Token[] | null;
}

/** What is used of the Markdown parser that typedoc hands out; it is `markdown-it`. */
interface MarkdownParser {
  readonly options: { highlight?: ((code: string, language: string, attributes: string) => string) | null };
  readonly utils: { escapeHtml(text: string): string };
  readonly renderer: { readonly rules: Record<string, unknown> };
  readonly core: { readonly ruler: { push(name: string, rule: (state: { tokens: Token[] }) => void): void } };
}

/** Mends what typedoc makes of Markdown, so that it looks and links as on a code host. */
export function renderMarkdown(parser: MarkdownParser): void {
  showPlainBlocksAsTheyAre(parser);
  letTablesScroll(parser);
  countCodeInHeadings(parser);
}

// typedoc takes a block without a language for TypeScript.
function showPlainBlocksAsTheyAre({ options, utils }: MarkdownParser): void {
  const { highlight } = options;
  options.highlight = (code, language, attributes) =>
    language === ""
      ? `<pre class="plain"><code>${utils.escapeHtml(code)}</code></pre>\n`
      : (highlight?.(code, language, attributes) ?? "");
}

function letTablesScroll({ renderer }: MarkdownParser): void {
  renderer.rules["table_open"] = () => '<div class="wide" tabindex="0"><table>\n';
  renderer.rules["table_close"] = () => "</table></div>\n";
}

// typedoc makes the anchor and the entry in the table of contents from the text of a heading, and passes over code in it.
function countCodeInHeadings({ core }: MarkdownParser): void {
  core.ruler.push("code-in-headings", ({ tokens }) => {
    for (const [index, { type }] of tokens.entries())
      if (type === "heading_open")
        for (const part of tokens[index + 1]?.children ?? [])
          if (part.type === "code_inline")
            part.children = [{ type: "text", content: part.content, children: null }];
  });
}
