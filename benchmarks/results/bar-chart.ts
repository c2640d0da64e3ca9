/** One thing that is compared. */
export interface Panel {
  readonly title: string;
  /** Which way is better, and what is cut off. */
  readonly note: string;
  readonly bars: readonly Bar[];
}

/** One line of it. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** What stands behind the bar: the value, in words where a number does not do. */
  readonly text: string;
  /** Drawn in the colour of our own. */
  readonly ours?: boolean;
}

const width = 760;
const labelsEnd = 252;
const barsEnd = 604;
const lineHeight = 24;
const panelHead = 58;
const margin = 24;

const style = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #1f2328; }
  .title { font-size: 15px; font-weight: 600; }
  .note { fill: #59636e; }
  .ground { fill: #ffffff; }
  .bar { fill: #818b98; }
  .ours { fill: #0969da; }
  text.ours { font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .note { fill: #9198a1; }
    .ground { fill: #0d1117; }
    .bar { fill: #656c76; }
    .ours { fill: #4493f8; }
  }`;

/**
 * Panels of horizontal bars, one below the other, as an SVG picture that follows the reader's light or dark theme. Each panel
 * has its own scale: its longest bar is as long as there is room. A value of 0 is a thin line, so that it can be seen.
 */
export function barChart(title: string, panels: readonly Panel[]): string {
  let top = margin;
  const parts = panels.map((panel) => {
    const drawn = drawPanel(panel, top);
    top += panelHead + panel.bars.length * lineHeight + margin;
    return drawn;
  });
  const summary = panels.map((panel) => `${panel.title}: ${panel.bars.map(inWords).join(", ")}.`).join(" ");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" role="img" aria-labelledby="title summary">
<title id="title">${escape(title)}</title>
<desc id="summary">${escape(summary)}</desc>
<style>${style}
</style>
<rect class="ground" width="${width}" height="${top}" rx="8"/>
${parts.join("\n")}
</svg>
`;
}

function drawPanel({ title, note, bars }: Panel, top: number): string {
  const longest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const lines = bars.map(({ label, value, text, ours }, index) => {
    const middle = top + panelHead + index * lineHeight;
    const length = Math.max(2, Math.round(((barsEnd - labelsEnd) * value) / longest));
    const mark = ours ? ' class="ours"' : "";
    return `<text${mark} x="${labelsEnd - 10}" y="${middle + 4}" text-anchor="end">${escape(label)}</text>
<rect class="${ours ? "ours" : "bar"}" x="${labelsEnd}" y="${middle - 8}" width="${length}" height="16" rx="2"/>
<text${mark} x="${labelsEnd + length + 8}" y="${middle + 4}">${escape(text)}</text>`;
  });
  return `<text class="title" x="${margin}" y="${top + 14}">${escape(title)}</text>
<text class="note" x="${margin}" y="${top + 33}">${escape(note)}</text>
${lines.join("\n")}`;
}

function inWords({ label, text }: Bar): string {
  return `${label} ${text}`;
}

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
