import { once } from "node:events";
import { createServer } from "node:http";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createApp } from "./app.ts";
import { controlFake, startFakeBitbucket } from "./fake-bitbucket.ts";
import type { Settings } from "./settings.ts";
import { openStorage } from "./storage.ts";

/** The app while it runs. */
export interface RunningApp {
  readonly url: string;
  /** Which Bitbucket it talks to, and where tokens are, in words. */
  readonly service: string;
  readonly storage: string;
  close(): Promise<void>;
}

/** Starts the app, and a fake Bitbucket with it when there are no credentials. */
export async function startApp(settings: Settings): Promise<RunningApp> {
  const { clientId, clientSecret, cookieSecret } = settings;
  const server = createServer();
  server.listen(settings.port, "localhost");
  await once(server, "listening").catch((cause: unknown) => {
    throw new Error(`Port ${settings.port} is taken. Choose another: PORT=3010`, { cause });
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  const url = settings.baseUrl ?? `http://localhost:${address.port}`;

  const isFake = clientId === undefined || clientSecret === undefined;
  const fake = isFake ? await startFakeBitbucket(`${url}/auth/bitbucket/callback`) : undefined;
  const [consumer] = fake?.mock.consumers ?? [];
  const opened = await openStorage(settings, { isFake });
  const auth = createBitbucketAuth({
    storage: opened.storage,
    logging: false,
    ...(opened.encryption && { encryption: opened.encryption }),
    ...(fake &&
      consumer && {
        clientId: consumer.clientId,
        clientSecret: consumer.clientSecret,
        endpoints: {
          authorizationUrl: fake.urls.authorize,
          tokenUrl: fake.urls.token,
          apiUrl: fake.urls.api,
        },
        clock: fake.mock.clock,
      }),
  });
  server.on(
    "request",
    createApp({
      auth,
      cookieSecret,
      baseUrl: url,
      ...(fake && { clock: fake.mock.clock, fake: controlFake(fake) }),
    }),
  );
  return {
    url,
    service: fake ? "a fake one inside this program: no account needed" : "the real one",
    storage: opened.description,
    async close() {
      server.closeAllConnections();
      server.close();
      await auth.close();
      await opened.close();
      await fake?.close();
    },
  };
}
