import {
  BitBucketClient,
  createBitbucketClient,
  type BitbucketClientOptions,
  type StateStorage,
} from "@bitbucket-auth/browser";

const visited: string[] = [];
const options: BitbucketClientOptions = {
  backend: "/auth/bitbucket",
  location: { href: "https://app.example/repositories", assign: (url) => visited.push(String(url)) },
  fetch: async () => Response.json({ uuid: "{a}" }),
};

/** A client with a hook of its own. */
class CountingClient extends BitBucketClient {
  answers = 0;
  override onSuccess(): void {
    this.answers += 1;
  }
}

const client = new CountingClient(options).init();
const user: unknown = await client.fetchResource({ resourceUrl: "/2.0/user" });
if (JSON.stringify(user) !== '{"uuid":"{a}"}' || client.answers !== 1) throw new Error("It was not answered");

createBitbucketClient(options).authorize();
if (!visited.join().includes("/auth/bitbucket")) throw new Error(`It leaves for ${visited.join()}`);

const states = new Map<string, string>();
const storage: StateStorage = {
  getItem: (key) => states.get(key) ?? null,
  setItem: (key, value) => void states.set(key, value),
  removeItem: (key) => void states.delete(key),
};
/** For a server that still speaks the implicit grant. */
const implicit = createBitbucketClient({
  client: { client_id: "key", redirect_uri: "https://app.example/" },
  storage,
  storageKey: "sign-in",
  location: { href: "https://app.example/", assign: (url) => visited.push(String(url)) },
}).authorize();
const token: string | undefined = implicit.callbackData?.access_token;
if (token !== undefined || !states.has("sign-in") || !visited.join().includes("response_type=token"))
  throw new Error("It began no sign-in");

/** Never called: what the types refuse. */
export function misuse(): unknown {
  // @ts-expect-error there is an address to a call
  void client.fetchResource({ method: "GET" });
  // @ts-expect-error what the API answers is to be looked at first
  void client.fetchResource({ resourceUrl: "/2.0/user" }).then((answer) => answer.uuid);
  // @ts-expect-error a path is text
  return createBitbucketClient({ backend: 7 });
}
