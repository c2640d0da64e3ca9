import type { BitbucketRequest, BitbucketUser } from "@bitbucket-auth/express";
import type { RequestHandler } from "express";
import { isBitbucketAuthError } from "@bitbucket-auth/core";
import { readList } from "../bitbucket-list.ts";
import { html, type Html } from "../html.ts";
import { member, text } from "../json.ts";
import type { ShowPage } from "../page-writer.ts";

/** A public page: an invitation, or the signed-in user and their workspaces. */
export function homePage(show: ShowPage): RequestHandler {
  return async (req, res) => {
    const { bitbucket } = req;
    if (!bitbucket) return show(req, res, { title: "Welcome", body: welcome() });
    try {
      await show(req, res, { title: "Home", body: await userPage(bitbucket) });
    } catch (error) {
      if (!isBitbucketAuthError(error) || error.action !== "reauthorize") throw error;
      await show(req, res, { title: "Signed out by Bitbucket", body: ended() });
    }
  };
}

async function userPage(bitbucket: BitbucketRequest): Promise<Html> {
  const [user, workspaces] = await Promise.all([
    bitbucket.user(),
    readList(bitbucket, "/2.0/user/workspaces", { pagelen: 100 }),
  ]);
  return html`${card(user)}${workspaceList(workspaces.values)}`;
}

function welcome(): Html {
  return html`<section class="hero">
    <h1>Sign in once.<br />Stay connected.</h1>
    <p>
      This small app shows who you are on Bitbucket, your workspaces, repositories and pull requests. Your
      tokens stay on the server, encrypted, and are renewed before you notice.
    </p>
    <a class="button" href="/auth/bitbucket">Sign in with Bitbucket</a>
  </section>`;
}

function ended(): Html {
  return html`<section class="hero">
    <h1>Please sign in again</h1>
    <p>
      Bitbucket no longer accepts this app's access to your account. Perhaps you revoked it. Nothing else was
      lost.
    </p>
    <a class="button" href="/auth/bitbucket">Sign in with Bitbucket</a>
  </section>`;
}

function card({ displayName, username, uuid, emails = [] }: BitbucketUser): Html {
  const initials = displayName
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word.slice(0, 1))
    .join("");
  return html`<section class="card profile">
    <span class="avatar" aria-hidden="true">${initials}</span>
    <div>
      <h1>${displayName}</h1>
      <dl>
        ${
          username !== undefined &&
          html`<div>
            <dt>User name</dt>
            <dd>${username}</dd>
          </div>`
        }
        <div>
          <dt>Account</dt>
          <dd><code>${uuid}</code></dd>
        </div>
        ${emails.map(
          ({ email, isPrimary }) =>
            html`<div>
              <dt>${isPrimary ? "E-mail" : "Other e-mail"}</dt>
              <dd>${email}</dd>
            </div>`,
        )}
      </dl>
    </div>
  </section>`;
}

function workspaceList(values: readonly unknown[]): Html {
  const items = values.map((access) => {
    const slug = text(access, "workspace", "slug");
    const role = member(access, "administrator") === true ? "administrator" : "member";
    return html`<li>
      <a href="/workspaces/${encodeURIComponent(slug)}"
        ><strong>${slug}</strong><span>You are ${role === "administrator" ? "an" : "a"} ${role}.</span></a
      >
    </li>`;
  });
  return html`<section aria-labelledby="workspaces">
    <h2 id="workspaces">Your workspaces</h2>
    ${
      items.length > 0
        ? html`<ul class="list">
            ${items}
          </ul>`
        : html`<p class="empty">You are in no workspace yet.</p>`
    }
  </section>`;
}
