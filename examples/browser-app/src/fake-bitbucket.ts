import { createBitbucketMock, type ProfileName } from "@bitbucket-auth/testing";
import { startBitbucketMock, type BitbucketMockServer } from "@bitbucket-auth/testing/server";

const projects = ["api", "website", "docs", "mobile", "billing", "search", "design", "infra", "metrics"];
const parts = ["service", "client", "tests"];

/** Starts a Bitbucket of our own, in one of its dialects, with enough in it to leaf through. */
export function startFakeBitbucket(
  profile: ProfileName,
  consumers: readonly { readonly name: string; readonly callbackUrl: string }[],
): Promise<BitbucketMockServer> {
  const mock = createBitbucketMock({
    profile,
    consumers,
    users: [
      { username: "alice", displayName: "Alice Example" },
      { username: "bob", displayName: "Bob Example" },
    ],
    workspaces: [
      { slug: "acme", name: "Acme" },
      { slug: "lighthouse", name: "Lighthouse" },
    ],
    repositories: [
      ...projects.flatMap((project) =>
        parts.map((part) => ({
          workspace: "acme",
          slug: `${project}-${part}`,
          name: `${project} ${part}`,
          description: `The ${part} of ${project}.`,
        })),
      ),
      { workspace: "lighthouse", slug: "lamp", name: "Lamp", description: "It turns.", private: false },
    ],
  });
  return startBitbucketMock(mock);
}
