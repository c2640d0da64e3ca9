import type { BitBucketClient } from "@bitbucket-auth/browser";
import { member, text } from "./json.ts";

const pageLength = 10;

/** Who is signed in. */
export interface User {
  readonly name: string;
  readonly username: string;
  readonly uuid: string;
}

/** One page of one of Bitbucket's lists. */
export interface ListPage {
  readonly values: readonly unknown[];
  readonly page: number;
  /** How many pages there are, where Bitbucket counts. */
  readonly pages: number | undefined;
  readonly hasMore: boolean;
}

/** Rejects with the client's errors: `signed_out` without a sign-in. */
export async function readUser(client: BitBucketClient): Promise<User> {
  const user = await client.fetchResource({ resourceUrl: "/2.0/user" });
  return { name: text(user, "display_name"), username: text(user, "username"), uuid: text(user, "uuid") };
}

/** `path` is what comes after `/2.0/`, in its parts. Rejects with the client's errors. */
export async function readPage(
  client: BitBucketClient,
  path: readonly string[],
  page: number,
): Promise<ListPage> {
  const query = new URLSearchParams({ pagelen: String(pageLength), page: String(page) });
  const resourceUrl = `/2.0/${path.map(encodeURIComponent).join("/")}?${query.toString()}`;
  const list = await client.fetchResource({ resourceUrl });
  const values = member(list, "values");
  const size = member(list, "size");
  return {
    values: Array.isArray(values) ? values : [],
    page,
    pages: typeof size === "number" ? Math.max(1, Math.ceil(size / pageLength)) : undefined,
    hasMore: text(list, "next") !== "",
  };
}
