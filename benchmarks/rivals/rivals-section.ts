import type { Pinned } from "./rivals.ts";

/** The line of a page that says who was measured: compared with the list to see whether the page is out of date. */
export function whoWasMeasured(rivals: readonly Pinned[]): string {
  return `Measured beside ours: ${rivals.map(({ name, version }) => `${name} ${version}`).join(", ")}.`;
}

/** The part of the page about rivals. `run` says when and on what, `tables` come in Markdown. */
export function rivalsSection(run: string, rivals: readonly Pinned[], tables: readonly string[]): string {
  return `## Rivals

${run}. Run it again: \`npm run bench:rivals\`.

${whoWasMeasured(rivals)}

![Three bar charts: token requests for one expired grant, callers served in 8 processes, seconds until a silent endpoint is given up](results.svg)

All of them talk to one fake Bitbucket on this machine, in the dialect they expect, each in a process of its own. It rotates refresh
tokens, takes each once, and ends the grant when one comes twice, which is the strictest reading of what Bitbucket does. Each is used as
its README says, with the options left alone. A dash means that the library leaves the matter to its user, which is no fault of it.

${tables.join("\n\n")}`;
}
