import * as z from "zod/mini";
import { AccessTokenRejectedError, ApiRequestError } from "../errors.js";
import { createAuthenticatedFetch } from "./authenticated-fetch.js";
import { readApiError } from "./api-error.js";

const userSchema = z.object({ uuid: z.string().check(z.minLength(1)) });

/**
 * Asks Bitbucket whose access token this is; answers the user's `uuid`, which never changes (a user name may).
 * @see https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-get
 */
export async function signedInUser(
  accessToken: string,
  options: { readonly apiUrl: string; readonly fetch: typeof globalThis.fetch; readonly timeoutMs: number },
): Promise<string> {
  const fetchAsUser = createAuthenticatedFetch({
    ...options,
    async accessToken({ rejected }) {
      if (rejected === undefined) return accessToken;
      throw new AccessTokenRejectedError(
        "Bitbucket's API refuses the access token it has just issued. Sign in again.",
        {
          status: 401,
        },
      );
    },
  });
  const response = await fetchAsUser("/2.0/user");
  if (!response.ok) throw await readApiError(response);
  const user = userSchema.safeParse(await response.json().catch(() => undefined));
  if (user.success) return user.data.uuid;
  throw new ApiRequestError(
    "Bitbucket did not say who signed in. Sign in again, or pass `account` yourself.",
    {
      transient: true,
      action: "retry",
      status: response.status,
    },
  );
}
