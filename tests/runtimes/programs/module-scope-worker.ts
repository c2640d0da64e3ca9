import {
  type BitbucketAuthOptions,
  createBitbucketAuth,
  createMemoryStorage,
  isBitbucketAuthError,
  type TokenStorage,
} from "@bitbucket-auth/core";
import { waitUntil as waitUntilOfPlatform } from "cloudflare:workers";
import { knownGrants } from "@bitbucket-auth/core/internal";

/** What Workers give a request. */
interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

let passedMs = 0;
const clock = { now: (): number => Date.now() + passedMs };
const memory = createMemoryStorage({ clock });
let isSlow = false;
/** Where `isSlow` is set, the next look takes longer than the request that began it. */
const storage: TokenStorage = {
  ...memory,
  async get(key) {
    if (isSlow) {
      isSlow = false;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    return memory.get(key);
  },
};
const options: BitbucketAuthOptions = {
  clientId: "id",
  clientSecret: "secret",
  clock,
  storage,
  encryption: "none",
  endpoints: { tokenUrl: "https://token.test/token" },
  timeoutMs: 2_000,
  refresh: { jitterMs: 0, joinMs: 4_000 },
  logging: false,
};
/** At module scope: every request shares it, and what one request began ends with its response. */
const auth = createBitbucketAuth(options);
/** The same, told once of the function of the platform that finds the current request by itself. */
const authOfPlatform = createBitbucketAuth({ ...options, waitUntil: waitUntilOfPlatform });
const minute = 60_000;

function signIn(): Promise<void> {
  return auth.saveTokens("ann", {
    accessToken: "access-1",
    refreshToken: "refresh-1",
    expiresAt: clock.now() + 120 * minute,
    tokenType: "bearer",
  });
}

/** Begins it, so that it is not over when the request is. */
function begin(call: () => Promise<unknown>): void {
  isSlow = true;
  call().catch(() => undefined);
}

async function answer({ pathname, searchParams }: URL, context: Context): Promise<string> {
  const readGrant = (): Promise<unknown> => knownGrants(auth).read("ann");
  if (pathname === "/sent") return (await fetch("https://token.test/sent")).text();
  if (pathname === "/sign-in") await signIn();
  passedMs += Number(searchParams.get("minutes") ?? 0) * minute;
  if (pathname === "/begin-sign-in") begin(signIn);
  if (pathname === "/begin-read") begin(readGrant);
  if (pathname === "/read") await readGrant();
  if (pathname !== "/token") return "done";
  if (searchParams.has("platform")) return authOfPlatform.getAccessToken("ann");
  const waitUntil = (promise: Promise<unknown>): void => context.waitUntil(promise);
  return searchParams.has("waitUntil")
    ? auth.getAccessToken("ann", { waitUntil })
    : auth.getAccessToken("ann");
}

export default {
  async fetch(request: Request, _environment: unknown, context: Context): Promise<Response> {
    try {
      return new Response(await answer(new URL(request.url), context));
    } catch (error) {
      return new Response(isBitbucketAuthError(error) ? error.code : String(error), { status: 500 });
    }
  },
};
