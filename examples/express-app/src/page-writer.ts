import { isBitbucketAuthError, type BitbucketAuth, type Clock } from "@bitbucket-auth/core";
import type { Request, Response } from "express";
import type { FakeControls } from "./fake-bitbucket.ts";
import type { Html } from "./html.ts";
import { layout, type Crumb } from "./layout.ts";

/** What a page is made of. */
export interface Page {
  readonly title: string;
  readonly crumbs?: readonly Crumb[];
  readonly body: Html;
}

/** Answers a request with a page. */
export type ShowPage = (req: Request, res: Response, page: Page) => Promise<void>;

/** Puts pages into the layout, which knows how long the user's token is still valid. */
export function pageWriter({
  auth,
  clock,
  fake,
}: {
  readonly auth: BitbucketAuth;
  readonly clock: Clock;
  readonly fake: FakeControls | undefined;
}): ShowPage {
  return async (req, res, page) => {
    const account = req.bitbucket?.account;
    const expiresAt = account === undefined ? undefined : await tokenExpiry(auth, account);
    const remainingMs = expiresAt === undefined ? undefined : Math.max(0, expiresAt - clock.now());
    res.send(layout({ ...page, fake, isSignedIn: account !== undefined, remainingMs }).markup);
  };
}

/** `undefined` when there is no token; a public page is shown without it. */
async function tokenExpiry(auth: BitbucketAuth, account: string): Promise<number | undefined> {
  try {
    return (await auth.getTokens(account)).expiresAt;
  } catch (error) {
    if (isBitbucketAuthError(error)) return undefined;
    throw error;
  }
}
