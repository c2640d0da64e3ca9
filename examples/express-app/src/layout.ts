import type { FakeControls } from "./fake-bitbucket.ts";
import { html, type Html } from "./html.ts";

/** A step of the way to a page. */
export interface Crumb {
  readonly name: string;
  readonly href: string;
}

interface LayoutOptions {
  readonly title: string;
  readonly crumbs?: readonly Crumb[];
  readonly body: Html;
  readonly isSignedIn: boolean;
  /** Absent when this is the real Bitbucket. */
  readonly fake: Pick<FakeControls, "askedFor" | "inspectorUrl"> | undefined;
  /** What is left of the access token's life. */
  readonly remainingMs: number | undefined;
}

/** The frame around every page. Works without scripts; with them the token's life counts down. */
export function layout({ title, crumbs = [], body, isSignedIn, fake, remainingMs }: LayoutOptions): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Bitbucket Auth</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/style.css" />
        <script src="/countdown.js" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <a class="brand" href="/"><img src="/icon.svg" alt="" width="28" height="28" /> Bitbucket Auth</a>
          ${
            isSignedIn &&
            html`<form method="post" action="/auth/bitbucket/logout">
              <button class="quiet">Sign out</button>
            </form>`
          }
        </header>
        ${crumbs.length > 0 && breadcrumbs(crumbs, title)}
        <main id="main">${body}</main>
        <footer>
          ${remainingMs !== undefined && tokenLife(remainingMs)} ${fake && fakeBar(fake, isSignedIn)}
        </footer>
      </body>
    </html> `;
}

function breadcrumbs(crumbs: readonly Crumb[], title: string): Html {
  const steps = crumbs.map(({ name, href }) => html`<li><a href="${href}">${name}</a></li>`);
  return html`<nav class="crumbs" aria-label="Where you are">
    <ol>
      ${steps}
      <li aria-current="page">${title}</li>
    </ol>
  </nav>`;
}

function tokenLife(remainingMs: number): Html {
  return html`<p class="token">
    <span>Access token</span> <strong data-remaining-ms="${remainingMs}">${minutes(remainingMs)}</strong>
    <span>left; then it is renewed by itself.</span>
  </p>`;
}

function minutes(ms: number): string {
  const all = Math.floor(ms / 60_000);
  return `${Math.floor(all / 60)} h ${all % 60} min`;
}

function fakeBar({ askedFor, inspectorUrl }: NonNullable<LayoutOptions["fake"]>, isSignedIn: boolean): Html {
  return html`<section class="fake" aria-labelledby="fake">
    <h2 id="fake">A fake Bitbucket</h2>
    ${
      isSignedIn
        ? html`<p>
              It runs inside this program and behaves like the real one. Try what the real one does by itself:
            </p>
            <div class="actions">
              <form method="post" action="/fake/two-hours">
                <button class="quiet">Let two hours pass</button>
              </form>
              <form method="post" action="/fake/revoke"><button class="quiet">Revoke the grant</button></form>
            </div>
            <p>So far: ${askedFor}. Look at <a href="${inspectorUrl}">all it was asked</a>.</p>`
        : html`<p>
            It runs inside this program and behaves like the real one. Sign in as Alice or Bob, or press
            “Cancel” on its page to see what a refusal looks like.
          </p>`
    }
  </section>`;
}
