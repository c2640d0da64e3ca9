import type { IncomingRequest } from "./incoming-request.js";
import type { MockState } from "./mock-state.js";

/** Whose request it claims to be: enough to pick it out for a fault or in the log, before it is judged. */
export interface CallerIdentity {
  readonly clientId?: string;
  readonly grantId?: string;
  readonly generation?: number;
}

/** Looks up what the request carries: a token, a code, or a consumer's name. */
export function identifyCaller(state: MockState, request: IncomingRequest): CallerIdentity {
  const { form, url, headers } = request;
  const [scheme = "", credentials = ""] = (headers.get("authorization") ?? "").split(" ");
  const token =
    state.refreshTokens.get(form.get("refresh_token") ?? "") ??
    state.accessTokens.get(credentials) ??
    state.accessTokens.get(url.searchParams.get("access_token") ?? "");
  if (token !== undefined) {
    const { grantId, generation } = token;
    const grant = state.grants.get(grantId);
    return { grantId, generation, ...(grant && { clientId: grant.clientId }) };
  }
  const named = form.get("client_id") ?? url.searchParams.get("client_id");
  const claimed = named ?? (scheme.toLowerCase() === "basic" ? basicUser(credentials) : undefined);
  return state.consumers.some(({ clientId }) => clientId === claimed) && claimed !== undefined
    ? { clientId: claimed }
    : {};
}

function basicUser(credentials: string): string | undefined {
  try {
    return atob(credentials).split(":")[0];
  } catch {
    return undefined;
  }
}
