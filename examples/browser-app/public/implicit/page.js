// A static page with the bundle from its <script> tag. `settings` has what this run of the example made up: in a page of
// yours these are constants.
const { redirectUri, speaksImplicit, refusesImplicit } = globalThis.settings;
const { createBitbucketClient } = globalThis.bitbucketAuth;
const byId = (id) => document.getElementById(id);

const clientOf = ({ clientId, authorizationEndpoint, apiUrl }, storageKey) =>
  createBitbucketClient({
    client: { client_id: clientId, redirect_uri: redirectUri },
    authorizationEndpoint,
    apiUrl,
    storageKey,
  });
const todayKey = "sign-in-today";
const client = clientOf(speaksImplicit, "sign-in");
const today = clientOf(refusesImplicit, todayKey);

// In words for the user, by the server's error or the error's code. `message` is for developers.
const useBackend = "Use a sign-in on a backend instead.";
const sayings = {
  access_denied:
    "You did not allow this page to read your account. If that was not what you wanted, sign in again.",
  unsupported_response_type: `That server gives no tokens to pages. ${useBackend}`,
  unauthorized_client: `That server gives this page no token. ${useBackend}`,
  no_answer: `That server gave no answer: it does not speak the implicit grant. ${useBackend}`,
  state_mismatch:
    "An answer arrived that belongs to no sign-in of this tab, so it was not used. Sign in again.",
  signed_out: "The token has expired, or the server no longer takes it. Sign in again.",
};

// First of all: it takes the answer out of the address bar.
let isSignedIn = false;
let problem;
try {
  const asked = sessionStorage.getItem(todayKey) === null ? client : today;
  isSignedIn = asked.processCallback();
} catch (error) {
  problem = error;
}

/** A server that does not know the grant may answer with an error page of its own: then the user comes back by the back button. */
function noteMissingAnswer() {
  if (sessionStorage.getItem(todayKey) === null) return;
  sessionStorage.removeItem(todayKey);
  problem ??= { code: "no_answer" };
}

async function showPage() {
  if (!isSignedIn) noteMissingAnswer();
  showUser();
  showSignIn();
  if (!isSignedIn) return say("You are not signed in.");
  say("Loading from Bitbucket");
  try {
    const [user, workspaces] = await Promise.all([
      client.fetchResource({ resourceUrl: "/2.0/user", method: "GET" }),
      client.fetchResource({ resourceUrl: "/2.0/user/workspaces", method: "GET" }),
    ]);
    problem = undefined;
    showUser(user, workspaces);
    say(`Signed in as ${user.display_name}.`);
  } catch (error) {
    problem = error;
    isSignedIn = error.action !== "reauthorize";
    say("There is no answer to show.");
  }
  showSignIn();
}

function showSignIn() {
  byId("signed-out").hidden = isSignedIn;
  byId("signed-in").hidden = !isSignedIn;
  byId("forget").hidden = !isSignedIn;
  byId("problem").hidden = !problem;
  if (!problem) return;
  byId("problem-title").textContent = isSignedIn ? "That did not work" : "You are not signed in";
  byId("problem-text").textContent = sayings[problem.oauthError] ?? sayings[problem.code] ?? problem.message;
  byId("problem-code").textContent = `Code: ${problem.code}`;
}

/** Without a user, nothing of the one before stays in the page. */
function showUser({ display_name: name = "", uuid = "" } = {}, { values = [] } = {}) {
  byId("initials").textContent = name.replaceAll(/(\S)\S*\s*/g, "$1").slice(0, 2);
  byId("name").textContent = name;
  byId("account").textContent = uuid;
  byId("workspaces").replaceChildren(
    ...values.map(({ workspace }) => {
      const item = document.createElement("li");
      item.append(document.createElement("div"));
      item.firstChild.append(document.createElement("strong"));
      item.firstChild.firstChild.textContent = workspace.slug;
      return item;
    }),
  );
  byId("answer").hidden = name === "";
}

async function forget() {
  await client.signOut();
  isSignedIn = false;
  problem = undefined;
  await showPage();
  byId("sign-in").focus();
}

function say(words) {
  byId("status").textContent = words;
}

byId("sign-in").addEventListener("click", () => client.authorize());
byId("sign-in-today").addEventListener("click", () => today.authorize());
byId("ask-again").addEventListener("click", () => void showPage());
byId("forget").addEventListener("click", () => void forget());
// Back from another site, the browser shows the page as it was left: perhaps on the way to a server that gave no answer.
addEventListener("pageshow", ({ persisted }) => void (persisted && showPage()));
void showPage();
