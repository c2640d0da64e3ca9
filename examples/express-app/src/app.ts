import { systemClock, type BitbucketAuth, type Clock } from "@bitbucket-auth/core";
import { bitbucketAuth, bitbucketErrors, requireBitbucket } from "@bitbucket-auth/express";
import express, { type Express } from "express";
import helmet from "helmet";
import type { FakeControls } from "./fake-bitbucket.ts";
import { fakeRoutes } from "./fake-routes.ts";
import { homePage } from "./pages/home.ts";
import { notFoundPage } from "./pages/not-found.ts";
import { pullRequestsPage } from "./pages/pull-requests.ts";
import { repositoriesPage } from "./pages/repositories.ts";
import { pageWriter } from "./page-writer.ts";

/** What the app is made of. */
export interface AppOptions {
  readonly auth: BitbucketAuth;
  readonly cookieSecret: string;
  readonly baseUrl: string;
  readonly clock?: Clock;
  /** Shows the buttons that move a fake Bitbucket. */
  readonly fake?: FakeControls;
}

/** Puts the app together. Everything of Bitbucket is in four lines: mount, guard, `req.bitbucket`, errors. */
export function createApp({ auth, cookieSecret, baseUrl, clock = systemClock, fake }: AppOptions): Express {
  const app = express();
  const show = pageWriter({ auth, clock, fake });

  app.disable("x-powered-by");
  app.use(helmet(baseUrl.startsWith("https:") ? {} : plainHttp));
  app.use(express.static(new URL("../public", import.meta.url).pathname, { maxAge: "1h" }));
  app.use(bitbucketAuth({ auth, cookieSecret, baseUrl, clock, proxy: "/api/bitbucket" }));

  app.get("/", homePage(show));
  app.get("/workspaces/:workspace", requireBitbucket(), repositoriesPage(show));
  app.get("/workspaces/:workspace/:repository", requireBitbucket(), pullRequestsPage(show));
  if (fake) app.use("/fake", requireBitbucket(), fakeRoutes(fake, baseUrl));

  app.use(notFoundPage(show));
  app.use(bitbucketErrors());
  return app;
}

/** helmet asks browsers to come back by https only, which a program on this machine does not speak. */
const plainHttp = {
  contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
  strictTransportSecurity: false,
};
