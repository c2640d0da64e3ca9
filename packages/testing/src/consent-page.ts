import { htmlAnswer, type Answer } from "./answer.js";
import type { AuthorizeRequest } from "./authorize-request.js";
import { escapeHtml, htmlPage } from "./html.js";
import type { User } from "./seed.js";

const style = `
ul { margin: .5rem 0 1.5rem; padding-left: 1.2rem; }
li { margin: .2rem 0; }
.where { margin: 0 0 1rem; color: var(--muted); font-size: .9rem; }
label { display: block; margin-bottom: .3rem; font-weight: 600; }
select { width: 100%; min-height: 2.75rem; padding: .5rem; font: inherit; color: inherit; background: var(--page); border: 1px solid var(--muted); border-radius: 6px; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
button { min-height: 2.75rem; padding: .5rem 1.2rem; font: inherit; font-weight: 600; color: inherit; background: transparent; border: 1px solid var(--muted); border-radius: 6px; cursor: pointer; }
button.primary { color: var(--on-action); background: var(--action); border-color: var(--action); }
@media (max-width: 32rem) { main { max-width: none; margin: 0; border: 0; border-radius: 0; padding: 1.25rem; } body { background: var(--card); } button { flex: 1 1 auto; padding: .5rem .8rem; white-space: nowrap; } }
`;

/** What an authorize request is read from. */
const askedFields = ["client_id", "response_type", "redirect_uri", "state", "code_challenge"];

/** The page that asks. One plain form: it works without JavaScript, and its names are stable for Playwright. */
export function consentPage(
  { consumer, scopes: asked }: AuthorizeRequest,
  users: readonly User[],
  url: URL,
): Answer {
  const scopes = asked.map((scope) => `<li><code>${escapeHtml(scope)}</code></li>`).join("");
  const options = users.map(
    ({ username, displayName }) =>
      `<option value="${escapeHtml(username)}">${escapeHtml(displayName)} (${escapeHtml(username)})</option>`,
  );
  // Note: the address says it all. The fields are for programs that take an attribute as it stands, `&amp;` and all.
  const fields = askedFields.flatMap((field) => {
    const value = url.searchParams.get(field);
    return value === null ? [] : `<input type="hidden" name="${field}" value="${escapeHtml(value)}">\n`;
  });
  const name = escapeHtml(consumer.name);
  return htmlAnswer(
    200,
    htmlPage(
      `Grant access to ${consumer.name}?`,
      `<main>
<p class="where">A fake Bitbucket, for tests</p>
<h1>${name} asks for access to your account</h1>
<p id="scopes">It asks for these permissions:</p>
<ul aria-labelledby="scopes">${scopes}</ul>
<form method="post" action="${escapeHtml(url.pathname + url.search)}">
${fields.join("")}<label for="username">Sign in as</label>
<select id="username" name="username">${options.join("")}</select>
<div class="actions">
<button class="primary" name="decision" value="grant">Grant access</button>
<button name="decision" value="cancel">Cancel</button>
</div>
</form>
</main>`,
      style,
    ),
  );
}

/**
 * What a wrong authorize request meets: a page, because redirecting to an unknown address would hand out the code. The
 * reason is the fake's own help; Bitbucket gives none.
 */
export function callbackErrorPage(reason: string): Answer {
  return htmlAnswer(
    400,
    htmlPage(
      "Invalid callback",
      `<main>
<h1>The app's callback URL is invalid</h1>
<p>Invalid redirect_uri. This integration is misconfigured. Contact the vendor for assistance.</p>
<p class="where">The fake says why: ${escapeHtml(reason)}.</p>
</main>`,
      style,
    ),
  );
}
