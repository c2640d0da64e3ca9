import type { BitbucketAuth, Clock } from "@bitbucket-auth/core";
import { bitbucketAuth, bitbucketErrors } from "@bitbucket-auth/express";
import express, { type Express } from "express";
import helmet from "helmet";
import { publicFiles } from "./page-files.ts";
import { strictPolicy } from "./strict-policy.ts";

/** What the backend is made of. */
export interface BackendOptions {
  readonly auth: BitbucketAuth;
  readonly cookieSecret: string;
  readonly baseUrl: string;
  /** The page's own script, bundled. */
  readonly pageScript: string;
  readonly clock?: Clock;
}

/** The whole backend of the single-page app: sign-in, the proxy to Bitbucket's API, and files. */
export function createBackendApp({
  auth,
  cookieSecret,
  baseUrl,
  pageScript,
  clock,
}: BackendOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(helmet(strictPolicy()));
  app.use(bitbucketAuth({ auth, cookieSecret, baseUrl, proxy: "/api/bitbucket", ...(clock && { clock }) }));

  app.get("/app.js", (_req, res) => void res.type("js").send(pageScript));
  app.use(express.static(publicFiles("shared")));
  app.use(express.static(publicFiles("backend")));
  // Every address of the app is the one page: its script shows what the address asks for.
  app.get("/workspaces/:workspace", (_req, res) =>
    res.sendFile("index.html", { root: publicFiles("backend") }),
  );

  app.use(bitbucketErrors());
  return app;
}
