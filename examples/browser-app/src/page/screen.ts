/** What the page shows. */
export interface View {
  readonly title: string;
  /** Said to those who listen to the page. */
  readonly status: string;
  readonly isSignedIn: boolean;
  readonly crumbs?: Node;
  readonly body: readonly Node[];
}

const main = find("main");
const crumbs = find("#crumbs");
const status = find("#status");

/** The button in the header. */
export const signOutButton: HTMLElement = find("#sign-out");

/** What is shown stays until the new view is there: a page that blinks is hard to follow. */
export function showBusy(): void {
  main.setAttribute("aria-busy", "true");
  status.textContent = "Asking Bitbucket …";
}

/** Shows a view, and moves the focus to its heading where the person asked for it. */
export function show(view: View, { moveFocus = true }: { readonly moveFocus?: boolean } = {}): void {
  document.title = `${view.title} · Bitbucket Auth`;
  main.replaceChildren(...view.body);
  main.removeAttribute("aria-busy");
  crumbs.replaceChildren(...(view.crumbs ? [view.crumbs] : []));
  crumbs.hidden = view.crumbs === undefined;
  signOutButton.hidden = !view.isSignedIn;
  status.textContent = view.status;
  const heading = main.querySelector("h1");
  if (!moveFocus || !heading) return;
  heading.tabIndex = -1;
  heading.focus();
}

function find(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`The page has no ${selector}.`);
  return found;
}
