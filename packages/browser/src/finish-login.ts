import { AuthorizationCallbackError } from "@bitbucket-auth/core";
import type { CallbackData } from "./callback-data.js";
import { isPlain, readImplicitTokens } from "./implicit-tokens.js";
import type { LoginState } from "./login-state.js";
import { locationOf, type Page } from "./page.js";

/**
 * Reads the callback in the page's address, if one is there. First of all it is taken out of the address bar and the history
 * entry, whatever is in it; where that fails it is not used. Then the state is redeemed, and only then is the rest believed.
 *
 * A refusal may also come in the query, from servers that do not know `response_type=token`. A token may not.
 */
export function finishLogin(page: Page, state: LoginState, now: number): CallbackData | undefined {
  const url = new URL(locationOf(page).href);
  const fragment = new URLSearchParams(url.hash.slice(1));
  const isFragment = fragment.has("access_token") || fragment.has("error");
  const answer = isFragment ? fragment : new URLSearchParams(url.search);
  // Other sign-ins of the page's own end in its query too: it is ours only by its state.
  if (!isFragment && !(answer.has("error") && state.matches(answer.get("state")))) return undefined;
  if (isFragment) url.hash = "";
  else for (const name of ["error", "error_description", "error_uri", "state"]) url.searchParams.delete(name);
  const { history = globalThis.history } = page;
  try {
    history.replaceState(history.state, "", url.href);
  } catch {
    throw unusable();
  }
  if (!isPlain(answer)) throw unusable();
  state.redeem(answer.get("state"));
  return readImplicitTokens(answer, now);
}

function unusable(): AuthorizationCallbackError {
  return new AuthorizationCallbackError("The callback is not usable. Call authorize().");
}
