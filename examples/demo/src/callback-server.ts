import { once } from "node:events";
import { createServer } from "node:http";

/** Where Bitbucket sends the browser when the user has decided: a server for one machine and a few seconds. */
export interface CallbackServer {
  /** The callback URL of the consumer has to be exactly this. */
  readonly redirectUri: string;
  /** The address that the next browser comes with. Rejects when none comes within `timeoutMs`, in milliseconds. */
  nextCallback(timeoutMs: number): Promise<URL>;
  close(): Promise<void>;
}

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Back to the terminal</title>
<style>:root { color-scheme: light dark } body { font: 18px/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 26rem; padding: 0 1rem }</style>
<h1>Thank you</h1>
<p>The demo has heard your decision. You can close this tab; the story goes on in the terminal.</p>
</html>
`;

/** Listens on the loopback address only. `port` 0 takes any free one. */
export async function startCallbackServer(port = 0): Promise<CallbackServer> {
  let deliver: ((callback: URL) => void) | undefined;
  const server = createServer((request, response) => {
    const url = URL.parse(request.url ?? "", "http://127.0.0.1");
    if (request.method !== "GET" || url?.pathname !== "/callback" || url.search === "") {
      response.writeHead(404).end();
      return;
    }
    // Note: the address holds the authorization code. No cache and no other site is to see it.
    response.writeHead(200, {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
    });
    response.end(page);
    deliver?.(url);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening").catch((error: unknown) => {
    throw new Error(`Port ${port} cannot be used. Choose another with --port.`, { cause: error });
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The callback server has no port.");
  return {
    redirectUri: `http://127.0.0.1:${address.port}/callback`,
    nextCallback: (timeoutMs) =>
      new Promise((resolve, reject) => {
        const minutes = Math.round(timeoutMs / 60_000);
        const tooLate = new Error(`No callback came from the consent page within ${minutes} minutes.`);
        // After the callback, or at the end of the demo, the timer must not keep the process alive.
        setTimeout(reject, timeoutMs, tooLate).unref();
        deliver = resolve;
      }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
