import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import { arrayBuffer } from "node:stream/consumers";
import type { BitbucketAuthOptions } from "@bitbucket-auth/core";
import type { SuiteApp, SuiteOptions } from "./behaviour.js";
import { createBrowser } from "./browser.js";
import { createWorld, secret, type World } from "./sample.js";

/** What an app in another process is made of. Travels as JSON. */
export interface RemoteSettings {
  readonly core: BitbucketAuthOptions;
  readonly web: Omit<SuiteOptions, "bitbucket"> & { readonly cookieSecret: string };
}

/** Apps of the suite that live in another process, or in another runtime. */
export interface RemoteApps {
  /** Where that process asks what an app is like: what it is started with. */
  readonly settingsUrl: string;
  /** Another app for the process that listens at `origin`. */
  start(origin: string, options?: SuiteOptions): Promise<SuiteApp>;
  close(): void;
}

/** Serves their settings, and a Bitbucket for each. */
export async function createRemoteApps(): Promise<RemoteApps> {
  const settings = new Map<string, RemoteSettings>();
  const servers: { close(): void }[] = [];
  const serve = async (
    answer: (req: IncomingMessage, res: ServerResponse) => Promise<void>,
  ): Promise<string> => {
    const server = createServer((req, res) => void answer(req, res).catch(() => res.destroy()));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
    const address = server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  };
  const settingsUrl = await serve(async (req, res) => {
    res.end(JSON.stringify(settings.get(req.url?.slice(1) ?? "")));
  });
  return {
    settingsUrl,
    async start(origin, options = {}) {
      const { bitbucket, ...rest } = options;
      const world = createWorld({ bitbucket });
      const url = await serve((req, res) => answerAsBitbucket(world, req, res));
      const { clientId, clientSecret } = world.mock.issueGrant().clientOptions;
      const id = String(settings.size);
      settings.set(id, {
        core: {
          clientId,
          clientSecret,
          endpoints: { tokenUrl: `${url}/site/oauth2/access_token`, apiUrl: url },
        },
        web: { cookieSecret: secret, ...rest },
      });
      const always = (): Record<string, string> => ({
        "x-suite-app": id,
        "x-suite-now": String(world.mock.clock.now()),
      });
      const { mock, alice, sent } = world;
      return {
        mock,
        alice,
        sent,
        browser: (headers) =>
          createBrowser(
            async () => origin,
            () => ({ ...always(), ...headers }),
          ),
      };
    },
    close() {
      for (const server of servers) server.close();
    },
  };
}

async function answerAsBitbucket(
  { mock, sent }: World,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const path = req.url ?? "/";
  const host = path.startsWith("/2.0/") || !path.startsWith("/site/") ? "api.bitbucket.org" : "bitbucket.org";
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers))
    if (name !== "host" && name !== "connection" && name !== "transfer-encoding")
      headers.set(name, [value ?? ""].flat().join(", "));
  const body = await arrayBuffer(req);
  const init = { method: req.method ?? "GET", headers, ...(body.byteLength > 0 && { body }) };
  const request = new Request(`https://${host}${path}`, init);
  if (host === "api.bitbucket.org") sent.push(request.clone());
  const answer = await mock.fetch(request);
  res.writeHead(answer.status, Object.fromEntries(answer.headers));
  res.end(new Uint8Array(await answer.arrayBuffer()));
}
