import { htmlAnswer, type Answer, escapeHtml, htmlPage } from "../fake/answers.js";
import type { BitbucketMock } from "../fake/mock.js";
import type { RequestEntry } from "../fake/request-log.js";

/** More would only slow the page down; the log itself is whole. */
const mostRequests = 200;

const style = `
main { max-width: 75rem; margin: 2rem auto; }
header { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: .5rem 1.5rem; }
h2 { margin: 2rem 0 .5rem; font-size: 1.05rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { padding: .4rem .7rem; text-align: left; vertical-align: top; white-space: nowrap; }
th { color: var(--muted); font-weight: 600; }
td.wide { white-space: normal; overflow-wrap: anywhere; min-width: 14rem; }
tbody tr { border-top: 1px solid var(--line); }
.good { color: var(--good); }
.bad { color: var(--bad); }
.empty { color: var(--muted); }
@media (max-width: 48rem) { main { margin: 0; border: 0; border-radius: 0; padding: 1rem; } }
`;

/**
 * What the fake holds and what was asked of it, on one page to read. It reloads itself when it is `live`.
 *
 * It is made of what the log and the summaries show, and those hold no secret.
 */
export function inspectorPage(mock: BitbucketMock, live: boolean): Answer {
  const { api, authorize, token } = mock.urls;
  const body = `<main>
<header>
<h1>Fake Bitbucket</h1>
<p>${live ? '<a href="?">Stop following</a>' : '<a href="?live">Follow live</a>'}</p>
</header>
<p>Its clock says <time>${new Date(mock.clock.now()).toISOString()}</time>.</p>
${section(
  "Addresses",
  ["What", "Where"],
  [
    [text("authorize"), code(authorize)],
    [text("token"), code(token)],
    [text("API"), code(api)],
  ],
)}
${section(
  "Violations",
  ["Request", "What", "Why Bitbucket refuses it"],
  mock.violations.map(({ request, method, path, message }) => [
    text(`#${request}`),
    code(`${method} ${path}`),
    wide(message),
  ]),
)}
${section(
  "Grants",
  ["Grant", "User", "Consumer", "Scopes", "Generation", "Reuses", "State"],
  mock.grants.map(({ id, username, clientId, scopes, generation, reuseCount, live: alive }) => [
    code(id),
    text(username ?? "the consumer itself"),
    text(consumerName(mock, clientId)),
    wide(scopes.join(" ")),
    text(String(generation)),
    mark(String(reuseCount), reuseCount === 0),
    mark(alive ? "live" : "dead", alive),
  ]),
)}
${section("Requests, newest first", requestColumns, mock.requests.all.slice(-mostRequests).toReversed().map(requestRow))}
${section(
  "Users",
  ["Username", "Name", "Email", "Account"],
  mock.users.map((user) => [
    code(user.username),
    text(user.displayName),
    text(user.email),
    code(user.accountId),
  ]),
)}
${section(
  "Consumers",
  ["Name", "Client id", "Callback", "Scopes", "Kind"],
  mock.consumers.map((consumer) => [
    wide(consumer.name),
    code(consumer.clientId),
    wideCode(consumer.callbackUrl ?? "none"),
    wide(consumer.scopes.join(" ")),
    text(consumer.private ? "private" : "public"),
  ]),
)}
</main>`;
  const answer = htmlAnswer(200, htmlPage("Fake Bitbucket", body, style));
  return live ? { ...answer, headers: { ...answer.headers, refresh: "2" } } : answer;
}

const requestColumns = ["No.", "Answer", "Request", "Remarks", "Grant", "Presented", "For", "Time"];

function requestRow(entry: RequestEntry): readonly string[] {
  const { number, at, op, method, path, grantId = "", generation, status, error } = entry;
  const remarks = [
    entry.fault && `fault: ${entry.fault}`,
    entry.reused && "reused after its leeway",
    entry.leeway && "inside its leeway",
    error,
    entry.violation,
  ];
  return [
    text(`#${number}`),
    mark(status === undefined ? "none" : String(status), status !== undefined && status < 400),
    wideCode(`${method} ${path}`),
    wide(remarks.filter(Boolean).join(", ")),
    code(grantId),
    text(generation === undefined ? "" : `generation ${generation}`),
    text(op),
    text(new Date(at).toISOString().slice(11, 23)),
  ];
}

function section(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const id = title.toLowerCase().replaceAll(/\W+/g, "-");
  const heading = `<h2 id="${id}">${escapeHtml(title)}</h2>`;
  if (rows.length === 0) return `${heading}<p class="empty">None.</p>`;
  const head = columns.map((column) => `<th scope="col">${escapeHtml(column)}</th>`).join("");
  const lines = rows.map((cells) => `<tr>${cells.join("")}</tr>`).join("\n");
  // A table that scrolls has to be reachable by keyboard.
  return `${heading}<div class="scroll" tabindex="0" role="region" aria-labelledby="${id}"><table><thead><tr>${head}</tr></thead><tbody>${lines}</tbody></table></div>`;
}

function consumerName({ consumers }: BitbucketMock, clientId: string): string {
  return consumers.find((consumer) => consumer.clientId === clientId)?.name ?? clientId;
}

const text = (value: string): string => `<td>${escapeHtml(value)}</td>`;
const wide = (value: string): string => `<td class="wide">${escapeHtml(value)}</td>`;
const wideCode = (value: string): string => `<td class="wide"><code>${escapeHtml(value)}</code></td>`;
const code = (value: string): string => `<td><code>${escapeHtml(value)}</code></td>`;
const mark = (value: string, good: boolean): string =>
  `<td class="${good ? "good" : "bad"}">${escapeHtml(value)}</td>`;
