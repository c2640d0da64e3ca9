import type { GuardedHandler } from "@bitbucket-auth/express";
import { pageNumber, pager, readList } from "../bitbucket-list.ts";
import { html, type Html } from "../html.ts";
import { member, text } from "../json.ts";
import type { ShowPage } from "../page-writer.ts";

/** The repositories of a workspace, ten at a time. */
export function repositoriesPage(show: ShowPage): GuardedHandler<{ workspace: string }> {
  return async (req, res) => {
    const { workspace } = req.params;
    const list = await readList(req.bitbucket, `/2.0/repositories/${encodeURIComponent(workspace)}`, {
      page: pageNumber(req.query),
    });
    const items = list.values.map((repository) => item(workspace, repository));
    await show(req, res, {
      title: workspace,
      crumbs: [{ name: "Home", href: "/" }],
      body: html`<h1>${workspace}</h1>
        ${
          items.length > 0
            ? html`<ul class="list">
                ${items}
              </ul>`
            : html`<p class="empty">There are no repositories here.</p>`
        }
        ${pager(list)}`,
    });
  };
}

function item(workspace: string, repository: unknown): Html {
  const slug = text(repository, "slug");
  const href = `/workspaces/${encodeURIComponent(workspace)}/${encodeURIComponent(slug)}`;
  const isPrivate = member(repository, "is_private") === true;
  return html`<li>
    <a href="${href}"
      ><strong>${text(repository, "name") || slug}</strong><span>${text(repository, "description")}</span></a
    ><span class="tag">${isPrivate ? "private" : "public"}</span>
  </li>`;
}
