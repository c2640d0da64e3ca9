import { once } from "node:events";
import { createServer } from "node:http";
import { createBitbucketAuth } from "@bitbucket-auth/core";

/** The app under test: it signs one user in and greets them by the name Bitbucket knows. */
export async function startApp(clientOptions) {
  const auth = createBitbucketAuth({ ...clientOptions, logging: false });
  let transaction;
  let account;
  const pages = {
    "/login": async () => {
      const started = await auth.startAuthorization({ redirectUri: `${url}/auth/bitbucket/callback` });
      ({ transaction } = started);
      return { location: started.url };
    },
    "/auth/bitbucket/callback": async (search) => {
      ({ account } = await auth.finishAuthorization({ callback: search, transaction }));
      return { location: "/" };
    },
    "/": async () => {
      const answer = await auth.fetchFor(account)("/2.0/user");
      const { display_name: name } = await answer.json();
      return { text: `Hello ${name}` };
    },
  };
  const answer = async (request, response) => {
    const { pathname, search } = new URL(request.url, "http://app.example");
    const page = pages[pathname] ?? (async () => ({ text: "Nothing here" }));
    const { text = "", location } = await page(search).catch(({ code }) => ({ text: `Failed: ${code}` }));
    response.writeHead(location ? 302 : 200, location ? { location } : { "content-type": "text/plain" });
    response.end(text);
  };
  const server = createServer((request, response) => void answer(request, response));
  await once(server.listen(0, "localhost"), "listening");
  const url = `http://localhost:${server.address().port}`;
  return {
    url,
    async close() {
      server.closeAllConnections();
      server.close();
      await auth.close();
    },
  };
}
