/** A single-page app on the Express backend. There is no token here: the backend has it, and no script can read its cookie. */
import { createBitbucketClient } from "@bitbucket-auth/browser";
import { linkClicked, readAddress, type Place } from "./addresses.ts";
import { readPage, readUser } from "./bitbucket.ts";
import { text } from "./json.ts";
import { onSignOutElsewhere, tellOtherTabs } from "./other-tabs.ts";
import { show, showBusy, signOutButton, type View } from "./screen.ts";
import { homeView, problemView, repositoriesView, welcomeView, type Actions } from "./views.ts";

const client = createBitbucketClient({ backend: "/auth/bitbucket", proxy: "/api/bitbucket" });
const actions: Actions = { signIn: () => void client.authorize(), tryAgain: () => void open() };
let wasSignedIn = false;
let newest = 0;
let shownAddress = "";

/** Shows what the address asks for. When two overlap, the newer one counts. */
async function open(options?: { readonly moveFocus: boolean }): Promise<void> {
  const turn = ++newest;
  shownAddress = location.pathname + location.search;
  showBusy();
  const view = await viewOf(readAddress(location));
  if (turn !== newest) return;
  wasSignedIn = view.isSignedIn;
  show(view, options);
}

async function viewOf({ workspace, page }: Place): Promise<View> {
  try {
    if (workspace !== undefined)
      return repositoriesView(workspace, await readPage(client, ["repositories", workspace], page));
    // One after the other: without a sign-in one request fails and not two.
    const user = await readUser(client);
    const workspaces = await readPage(client, ["user", "workspaces"], page);
    return homeView(user, workspaces);
  } catch (error) {
    const isStranger = text(error, "code") === "signed_out" && !wasSignedIn;
    return isStranger ? welcomeView(actions) : problemView(error, actions);
  }
}

async function signOut(): Promise<void> {
  newest++;
  showBusy();
  try {
    await client.signOut();
  } catch (error) {
    show(problemView(error, { ...actions, tryAgain: () => void signOut() }));
    return;
  }
  tellOtherTabs();
  showSignedOut("You are signed out.");
}

function showSignedOut(status: string): void {
  newest++;
  wasSignedIn = false;
  history.replaceState(null, "", "/");
  shownAddress = "/";
  show(welcomeView(actions, status));
}

signOutButton.addEventListener("click", () => void signOut());
document.addEventListener("click", (event) => {
  const address = linkClicked(event);
  if (address === undefined) return;
  event.preventDefault();
  history.pushState(null, "", address);
  void open();
});
onSignOutElsewhere(() => showSignedOut("You signed out in another tab."));
addEventListener("popstate", () => {
  // The link that skips to the content only changes what is behind the #.
  if (location.pathname + location.search !== shownAddress) void open();
});
// Back from another site, the browser shows the page as it was left: perhaps of a user who has signed out since.
addEventListener("pageshow", ({ persisted }) => void (persisted && open()));
void open({ moveFocus: false });
