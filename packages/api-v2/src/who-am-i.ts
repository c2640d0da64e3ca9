import { ApiRequestError } from "@bitbucket-auth/core";
import { assertOptions } from "@bitbucket-auth/core/internal";
import { isRecord, readSignal } from "./options.js";
import { readFrom, type ApiCaller } from "./paginate.js";

/** Whose token it is. */
export interface BitbucketIdentity {
  /** In braces. It never changes: use it, or `accountId`, as a key; names change. */
  readonly uuid: string;
  /** `user`, or `app_user` for a consumer that acts as itself. */
  readonly type: string;
  readonly accountId?: string | undefined;
  readonly displayName?: string | undefined;
  readonly username?: string | undefined;
  readonly nickname?: string | undefined;
}

/**
 * Asks Bitbucket whose token it is. Needs the scope `account`: without it the call rejects with `ScopeMissingError`. Access
 * tokens of repositories, projects and workspaces belong to no user: ask `credential.verify()`.
 * @see https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-get
 */
export async function whoAmI(
  source: ApiCaller,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<BitbucketIdentity> {
  assertOptions(options, "whoAmI()", ["signal"]);
  const user = await readFrom(source, "/2.0/user", readSignal(options.signal));
  if (!isRecord(user) || typeof user["uuid"] !== "string" || user["uuid"] === "") {
    throw new ApiRequestError("Bitbucket did not say whose token this is. Try again.", {
      transient: true,
      action: "retry",
    });
  }
  const text = (field: string): string | undefined => {
    const value = user[field];
    return typeof value === "string" ? value : undefined;
  };
  return {
    uuid: user["uuid"],
    type: text("type") ?? "user",
    accountId: text("account_id"),
    displayName: text("display_name"),
    username: text("username"),
    nickname: text("nickname"),
  };
}
