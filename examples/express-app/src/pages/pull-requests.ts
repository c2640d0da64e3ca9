import type { GuardedHandler } from "@bitbucket-auth/express";
import { pageNumber, pager, readList } from "../bitbucket-list.ts";
import { html, type Html } from "../html.ts";
import { member, text } from "../json.ts";
import type { ShowPage } from "../page-writer.ts";

const states = ["OPEN", "MERGED", "DECLINED"] as const;

/** The pull requests of a repository in one state, ten at a time. */
export function pullRequestsPage(show: ShowPage): GuardedHandler<{ workspace: string; repository: string }> {
  return async (req, res) => {
    const { workspace, repository } = req.params;
    const state = states.find((known) => known === req.query["state"]) ?? "OPEN";
    const path = [
      "/2.0/repositories",
      encodeURIComponent(workspace),
      encodeURIComponent(repository),
      "pullrequests",
    ];
    const list = await readList(req.bitbucket, path.join("/"), { page: pageNumber(req.query), state });
    const tabs = states.map(
      (each) =>
        html`<a href="?state=${each}" ${each === state && html` aria-current="page"`}>${spoken(each)}</a>`,
    );
    await show(req, res, {
      title: repository,
      crumbs: [
        { name: "Home", href: "/" },
        { name: workspace, href: `/workspaces/${encodeURIComponent(workspace)}` },
      ],
      body: html`<h1>Pull requests</h1>
        <nav class="tabs" aria-label="State">${tabs}</nav>
        ${
          list.values.length > 0
            ? html`<ul class="list">
                ${list.values.map(item)}
              </ul>`
            : html`<p class="empty">None is ${state.toLowerCase()}.</p>`
        }
        ${pager(list, { state })}`,
    });
  };
}

function item(pullRequest: unknown): Html {
  const id = member(pullRequest, "id");
  const author = text(pullRequest, "author", "nickname") || text(pullRequest, "author", "display_name");
  const from = text(pullRequest, "source", "branch", "name");
  const into = text(pullRequest, "destination", "branch", "name");
  return html`<li>
    <div>
      <strong>${text(pullRequest, "title")}</strong
      ><span
        >#${typeof id === "number" ? id : ""} by ${author}: <code>${from}</code> into
        <code>${into}</code></span
      >
    </div>
  </li>`;
}

function spoken(state: string): string {
  return state.slice(0, 1) + state.slice(1).toLowerCase();
}
