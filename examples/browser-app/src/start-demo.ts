import { createBitbucketAuth } from "@bitbucket-auth/core";
import type { BitbucketMockServer } from "@bitbucket-auth/testing/server";
import { createBackendApp } from "./backend-app.ts";
import { startFakeBitbucket } from "./fake-bitbucket.ts";
import { listen } from "./listening-server.ts";
import { bundlePageScript } from "./page-script.ts";
import type { Settings } from "./settings.ts";
import { createStaticSite } from "./static-site.ts";

/** Both pages while they run. */
export interface RunningDemo {
  /** The single-page app on the Express backend. */
  readonly backendUrl: string;
  /** The static page that speaks the implicit grant. */
  readonly staticUrl: string;
  /** Which Bitbucket the backend talks to, in words. */
  readonly service: string;
  /** Bitbucket as it is today, without the implicit grant. */
  readonly today: BitbucketMockServer;
  /** Bitbucket as it was, with the implicit grant. */
  readonly legacy: BitbucketMockServer;
  close(): Promise<void>;
}

/** Starts two servers and two fakes: one Bitbucket as it is today, one as it was when it spoke the implicit grant. */
export async function startDemo({
  port,
  staticPort,
  clientId,
  clientSecret,
  cookieSecret,
}: Settings): Promise<RunningDemo> {
  const backend = await listen(port, "PORT");
  const site = await listen(staticPort, "STATIC_PORT").catch((error: unknown) => {
    backend.close();
    throw error;
  });
  const staticPage = { name: "Static page", callbackUrl: `${site.url}/` };
  const today = await startFakeBitbucket("cloud-2026", [
    { name: "Single-page app", callbackUrl: `${backend.url}/auth/bitbucket/callback` },
    staticPage,
  ]);
  const legacy = await startFakeBitbucket("cloud-legacy", [staticPage]);

  const isReal = clientId !== undefined && clientSecret !== undefined;
  const [backendConsumer, pageConsumerToday] = today.mock.consumers;
  const [pageConsumer] = legacy.mock.consumers;
  if (!backendConsumer || !pageConsumerToday || !pageConsumer) throw new Error("A fake has no consumer.");
  const auth = createBitbucketAuth({
    logging: false,
    ...(isReal
      ? { clientId, clientSecret }
      : {
          clientId: backendConsumer.clientId,
          clientSecret: backendConsumer.clientSecret,
          endpoints: {
            authorizationUrl: today.urls.authorize,
            tokenUrl: today.urls.token,
            apiUrl: today.urls.api,
          },
          clock: today.mock.clock,
        }),
  });
  backend.answerWith(
    createBackendApp({
      auth,
      cookieSecret,
      baseUrl: backend.url,
      pageScript: await bundlePageScript(),
      ...(!isReal && { clock: today.mock.clock }),
    }),
  );
  site.answerWith(
    createStaticSite({
      redirectUri: staticPage.callbackUrl,
      speaksImplicit: { clientId: pageConsumer.clientId, urls: legacy.urls },
      refusesImplicit: { clientId: pageConsumerToday.clientId, urls: today.urls },
    }),
  );
  return {
    backendUrl: backend.url,
    staticUrl: site.url,
    service: isReal ? "the real one for the app" : "fake ones inside this program: no account needed",
    today,
    legacy,
    async close() {
      backend.close();
      site.close();
      await auth.close();
      await Promise.all([today.close(), legacy.close()]);
    },
  };
}
