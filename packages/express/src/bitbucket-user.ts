import { ApiRequestError, isBitbucketAuthError, readApiError } from "@bitbucket-auth/core";
import { member, textMember } from "./member.js";

/** Who signed in, as Bitbucket tells it. */
export interface BitbucketUser {
  /** Never changes, as names do. It is the account key. */
  readonly uuid: string;
  readonly displayName: string;
  readonly username?: string;
  readonly nickname?: string;
  /** The Atlassian account. */
  readonly accountId?: string;
  readonly avatarUrl?: string;
  /** Absent when the consumer has no permission to read them. */
  readonly emails?: readonly BitbucketEmail[];
}

/** An address that Bitbucket knows the person by. */
export interface BitbucketEmail {
  readonly email: string;
  readonly isPrimary: boolean;
  readonly isConfirmed: boolean;
}

/**
 * Asks Bitbucket who this is, and for the addresses when `scopes` may allow it. Rejects as the authenticated `fetch` does.
 * @see https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-get
 */
export async function readUser(
  fetchAsUser: typeof globalThis.fetch,
  scopes: readonly string[] | undefined,
): Promise<BitbucketUser> {
  const mayReadEmails = scopes?.includes("email") ?? true;
  const [user, emails] = await Promise.all([
    readJson(fetchAsUser, "/2.0/user"),
    mayReadEmails ? readEmails(fetchAsUser) : undefined,
  ]);
  const uuid = textMember(user, "uuid");
  if (uuid === undefined)
    throw new ApiRequestError("Bitbucket did not say who signed in.", { transient: true, action: "retry" });
  const username = textMember(user, "username");
  const nickname = textMember(user, "nickname");
  const accountId = textMember(user, "account_id");
  const avatarUrl = textMember(member(member(user, "links"), "avatar"), "href");
  return {
    uuid,
    displayName: textMember(user, "display_name") ?? nickname ?? username ?? uuid,
    ...(username !== undefined && { username }),
    ...(nickname !== undefined && { nickname }),
    ...(accountId !== undefined && { accountId }),
    ...(avatarUrl !== undefined && { avatarUrl }),
    ...(emails !== undefined && { emails }),
  };
}

async function readEmails(fetchAsUser: typeof globalThis.fetch): Promise<BitbucketEmail[] | undefined> {
  try {
    const values = member(await readJson(fetchAsUser, "/2.0/user/emails"), "values");
    return Array.isArray(values) ? values.flatMap(parseEmail) : undefined;
  } catch (error) {
    // Names without addresses are worth having; whatever else is wrong, `/2.0/user` meets it too.
    if (isBitbucketAuthError(error)) return undefined;
    throw error;
  }
}

function parseEmail(value: unknown): BitbucketEmail[] {
  const email = textMember(value, "email");
  if (email === undefined) return [];
  return [
    {
      email,
      isPrimary: member(value, "is_primary") === true,
      isConfirmed: member(value, "is_confirmed") === true,
    },
  ];
}

async function readJson(fetchAsUser: typeof globalThis.fetch, path: string): Promise<unknown> {
  const response = await fetchAsUser(path);
  if (!response.ok) throw await readApiError(response);
  return response.json().catch(() => undefined);
}
