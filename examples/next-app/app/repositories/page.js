import { requireSession } from "@bitbucket-auth/web/next";
import { bitbucket } from "../../lib/bitbucket.js";

/** A server component: it cannot set a cookie, and needs none to have a token that works. */
export default async function Repositories() {
  const user = await requireSession(bitbucket, "/repositories");
  const response = await user.fetch("/2.0/repositories/acme?pagelen=100");
  const { values = [] } = await response.json();
  return (
    <main>
      <h1>Repositories</h1>
      <ul>
        {values.map(({ uuid, name }) => (
          <li key={uuid}>{name}</li>
        ))}
      </ul>
      <a href="/">Home</a>
    </main>
  );
}
