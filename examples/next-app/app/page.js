import { session } from "@bitbucket-auth/web/next";
import { bitbucket } from "../lib/bitbucket.js";

/** A public page: an invitation, or the signed-in user. */
export default async function Home() {
  const user = await session(bitbucket);
  // Who it is was known without asking Bitbucket, which may have ended the grant meanwhile, or be down.
  const profile = await user?.user().catch(() => undefined);
  if (!profile) {
    return (
      <main>
        <h1>Welcome</h1>
        <a href={bitbucket().signInPath("/repositories")}>Sign in with Bitbucket</a>
      </main>
    );
  }
  return (
    <main>
      <h1>Hello, {profile.displayName}</h1>
      <p>
        <a href="/repositories">Your repositories</a>
      </p>
      <form method="post" action="/auth/bitbucket/logout">
        <button>Sign out</button>
      </form>
    </main>
  );
}
