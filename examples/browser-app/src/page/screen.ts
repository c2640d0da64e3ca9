/** What the page shows. */
export interface View {
  readonly title: string;
  /** Announced by screen readers. */
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

/** Keeps what is shown until the new view is there, so that the page does not blink. */
export function showBusy(): void {
  main.setAttribute("aria-busy", "true");
  status.textContent = "Loading from Bitbucket";
}

/** Shows a view, and moves the focus to its heading after a navigation. */
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
