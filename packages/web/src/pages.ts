import type { BitbucketAuthError, Clock } from "@bitbucket-auth/core";
import { privateAnswer, type WebAnswer } from "./exchange.js";
import { describeProblem, escapeHtml, type Problem } from "./problem.js";

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

/** What a client is told to wait when Bitbucket named no time. */
const shortestWaitMs = 5_000;

/** Where a page of ours links to, as the browser sees it. */
export interface PagePaths {
  readonly login: string;
  readonly home: string;
}

/** The answer to a problem: a page, or JSON in which `code` is stable and `message` is text for a reader. */
export async function problemAnswer(
  error: BitbucketAuthError,
  problem: Problem,
  { as, paths, clock }: { readonly as: "page" | "api"; readonly paths: PagePaths; readonly clock: Clock },
): Promise<WebAnswer> {
  const answer = problemHead(error, problem, clock);
  if (as === "api") {
    const { code, transient } = error;
    const { text, next, action = error.action } = problem;
    const signIn = next === "sign-in" ? paths.login : undefined;
    answer.headers.set("content-type", "application/json; charset=utf-8");
    answer.body = JSON.stringify({ code, message: text, action, transient, signIn });
  } else {
    await setPage(answer, problem.title, problemBody(problem, error.code, paths));
  }
  return answer;
}

/** What every answer to a problem has, whichever adapter writes the rest of it. */
export function problemHead(error: BitbucketAuthError, problem: Problem, clock: Clock): WebAnswer {
  const answer = privateAnswer(problem.status);
  if (problem.next === "retry") {
    const waitMs = error.retryAt === undefined ? shortestWaitMs : error.retryAt - clock.now();
    answer.headers.set("retry-after", String(Math.max(1, Math.ceil(waitMs / 1000))));
  }
  return answer;
}

/** The problem of a form that was sent without a session: a redirect to another site would be blocked by `form-action`. */
export function signInFirst(error: BitbucketAuthError): Problem {
  return {
    ...describeProblem(error),
    title: "Please sign in first",
    text: "What you sent was not taken, because you are not signed in. Sign in, go back and send it again.",
  };
}

/** Allows the page its one style sheet and nothing else. It stands in for whatever policy the app has. */
let policy: Promise<string> | undefined;
const pagePolicy = (): Promise<string> => (policy ??= makePolicy());

async function makePolicy(): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
  return [
    "default-src 'none'",
    `style-src 'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** A page that only says something. */
export async function noticePage({
  status,
  title,
  text,
}: Pick<Problem, "status" | "title" | "text">): Promise<WebAnswer> {
  const answer = privateAnswer(status);
  await setPage(answer, title, `<p>${escapeHtml(text)}</p>`);
  return answer;
}

/** What happened, and what to do. Works without scripts. */
function problemBody({ text, next }: Problem, code: string, { login, home }: PagePaths): string {
  const back = `<a${next === "sign-in" ? "" : ' class="first"'} href="${escapeHtml(home)}">Back to the start</a>`;
  const signIn = `<a class="first" href="${escapeHtml(login)}">Sign in with Bitbucket</a>`;
  return `<p>${escapeHtml(text)}</p>
<nav aria-label="What you can do">${next === "sign-in" ? signIn : ""}${back}</nav>
<small>Code: ${escapeHtml(code)}</small>`;
}

async function setPage(answer: WebAnswer, title: string, content: string): Promise<void> {
  answer.headers.set("content-type", "text/html; charset=utf-8");
  answer.headers.set("content-security-policy", await pagePolicy());
  answer.headers.set("x-content-type-options", "nosniff");
  answer.body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${content}
</main>
</body>
</html>
`;
}
