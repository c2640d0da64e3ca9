import { addressOf } from "./addresses.ts";
import type { ListPage, User } from "./bitbucket.ts";
import { element } from "./element.ts";
import { member, text } from "./json.ts";
import { describeProblem } from "./problems.ts";
import type { View } from "./screen.ts";

/** What the buttons of a view do. */
export interface Actions {
  signIn(): void;
  tryAgain(): void;
}

/** Shown before a sign-in. */
export function welcomeView({ signIn }: Actions, status = "You are not signed in."): View {
  const hero = element(
    "section",
    { class: "hero" },
    element("h1", {}, "A page that holds no token"),
    element(
      "p",
      {},
      "This app shows who you are on Bitbucket, your workspaces and repositories. Its backend signs you in, ",
      "keeps your tokens, and asks Bitbucket for this page.",
    ),
    signInButton(signIn),
  );
  return { title: "Welcome", status, isSignedIn: false, body: [hero] };
}

/** Who is signed in, and their workspaces. */
export function homeView(user: User, workspaces: ListPage): View {
  const item = (access: unknown): Node => {
    const slug = text(access, "workspace", "slug");
    const role = member(access, "administrator") === true ? "an administrator" : "a member";
    return element(
      "a",
      { href: addressOf({ workspace: slug, page: 1 }) },
      element("strong", {}, slug),
      element("span", {}, `You are ${role}.`),
    );
  };
  return {
    title: "Home",
    status: `Signed in as ${user.name}.`,
    isSignedIn: true,
    body: [
      userCard(user),
      element("h2", { id: "workspaces" }, "Your workspaces"),
      list("workspaces", workspaces.values, item),
      ...pager(workspaces),
    ],
  };
}

/** The repositories of a workspace, ten at a time. */
export function repositoriesView(workspace: string, repositories: ListPage): View {
  const item = (repository: unknown): Node[] => [
    element(
      "div",
      {},
      element("strong", {}, text(repository, "name") || text(repository, "slug")),
      element("span", {}, text(repository, "description")),
    ),
    element("span", { class: "tag" }, member(repository, "is_private") === true ? "private" : "public"),
  ];
  return {
    title: workspace,
    status: `Repositories of ${workspace}, ${pageOf(repositories).toLowerCase()}.`,
    isSignedIn: true,
    crumbs: element(
      "ol",
      {},
      element("li", {}, element("a", { href: "/" }, "Home")),
      element("li", { "aria-current": "page" }, workspace),
    ),
    body: [
      element("h1", { id: "repositories" }, workspace),
      list("repositories", repositories.values, item),
      ...pager(repositories, workspace),
    ],
  };
}

/** What went wrong, and what to do about it. */
export function problemView(error: unknown, { signIn, tryAgain }: Actions): View {
  const { title, text: saying, next } = describeProblem(error);
  const code = text(error, "code");
  const hero = element(
    "section",
    { class: "hero" },
    element("h1", {}, title),
    element("p", {}, saying),
    element(
      "div",
      { class: "actions" },
      next === "sign-in" && signInButton(signIn),
      next === "try-again" && element("button", { click: tryAgain }, "Try again"),
      element("a", { class: next === "leave" ? "button" : "button quiet", href: "/" }, "Back to the start"),
    ),
    code !== "" && element("p", { class: "code" }, `Code: ${code}`),
  );
  return { title, status: title, isSignedIn: next !== "sign-in", body: [hero] };
}

function signInButton(signIn: () => void): Node {
  return element("button", { click: signIn }, "Sign in with Bitbucket");
}

function userCard({ name, username, uuid }: User): Node {
  const words = name.split(/\s+/).slice(0, 2);
  const fact = (term: string, value: Node | string): Node =>
    element("div", {}, element("dt", {}, term), element("dd", {}, value));
  return element(
    "section",
    { class: "card profile" },
    element(
      "span",
      { class: "avatar", "aria-hidden": "true" },
      words.map((word) => word.slice(0, 1)).join(""),
    ),
    element(
      "div",
      {},
      element("h1", {}, name),
      element(
        "dl",
        {},
        username !== "" && fact("User name", username),
        fact("Account", element("code", {}, uuid)),
      ),
    ),
  );
}

function list(label: string, values: readonly unknown[], item: (value: unknown) => Node | Node[]): Node {
  if (values.length === 0) return element("p", { class: "empty" }, "There is nothing here.");
  const items = values.map((value) => element("li", {}, item(value)));
  return element("ul", { class: "list", "aria-labelledby": label }, items);
}

function pager(listPage: ListPage, workspace?: string): Node[] {
  const { page, hasMore } = listPage;
  if (page === 1 && !hasMore) return [];
  const to = (number: number): string =>
    addressOf({ ...(workspace !== undefined && { workspace }), page: number });
  return [
    element(
      "nav",
      { class: "pager", "aria-label": "Pages" },
      page > 1 ? element("a", { rel: "prev", href: to(page - 1) }, "← Previous") : element("span"),
      element("span", {}, pageOf(listPage)),
      hasMore ? element("a", { rel: "next", href: to(page + 1) }, "Next →") : element("span"),
    ),
  ];
}

function pageOf({ page, pages }: ListPage): string {
  return pages === undefined ? `Page ${page}` : `Page ${page} of ${pages}`;
}
