import type { BitbucketMock } from "@bitbucket-auth/testing";
import express, { type Express } from "express";
import helmet from "helmet";
import { bundleFiles, publicFiles } from "./page-files.ts";
import { strictPolicy } from "./strict-policy.ts";

/** What a page without a secret may know of a consumer and its server. */
export interface PublicConsumer {
  readonly clientId: string;
  readonly urls: BitbucketMock["urls"];
}

/** What the static page is made of. */
export interface StaticSiteOptions {
  readonly redirectUri: string;
  readonly speaksImplicit: PublicConsumer;
  readonly refusesImplicit: PublicConsumer;
}

/** Serves files and nothing else: the page, the bundle for its `<script>` tag, and a file with what this run made up. */
export function createStaticSite({ redirectUri, ...servers }: StaticSiteOptions): Express {
  const site = express();
  const { speaksImplicit, refusesImplicit } = servers;
  const settings = {
    redirectUri,
    speaksImplicit: forPage(speaksImplicit),
    refusesImplicit: forPage(refusesImplicit),
  };

  site.disable("x-powered-by");
  // Only that API may be asked: a script that does get in cannot send a token home.
  site.use(helmet(strictPolicy({ "connect-src": ["'self'", speaksImplicit.urls.api] })));
  site.get("/settings.js", (_req, res) => {
    res.type("js").send(`globalThis.settings = ${JSON.stringify(settings, null, 2)};\n`);
  });
  site.use("/bitbucket-auth", express.static(bundleFiles()));
  site.use(express.static(publicFiles("shared")));
  site.use(express.static(publicFiles("implicit")));
  return site;
}

function forPage({ clientId, urls }: PublicConsumer): Readonly<Record<string, string>> {
  return { clientId, authorizationEndpoint: urls.authorize, apiUrl: urls.api };
}
