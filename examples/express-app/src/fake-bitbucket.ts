import { createBitbucketMock } from "@bitbucket-auth/testing";
import { startBitbucketMock, type BitbucketMockServer } from "@bitbucket-auth/testing/server";

const workspaces = [
  { slug: "acme", name: "Acme" },
  { slug: "lighthouse", name: "Lighthouse" },
];
const projects = [
  "api",
  "website",
  "docs",
  "mobile",
  "billing",
  "search",
  "design",
  "infra",
  "metrics",
  "mail",
];
const parts = ["service", "client", "tests"];
const tasks = ["Add a page for", "Fix a typo in", "Speed up", "Write tests for", "Remove unused code from"];

/** Starts a Bitbucket of our own with enough in it to leaf through. */
export async function startFakeBitbucket(callbackUrl: string): Promise<BitbucketMockServer> {
  const mock = createBitbucketMock({
    users: [
      { username: "alice", displayName: "Alice Example" },
      { username: "bob", displayName: "Bob Example" },
    ],
    consumers: [{ name: "Express example", callbackUrl }],
    workspaces,
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
    pullRequests: Array.from({ length: 34 }, (_, index) => ({
      workspace: "acme",
      repository: "api-service",
      id: index + 1,
      title: `${tasks[index % tasks.length]} the ${projects[index % projects.length]} service`,
      state:
        index % 4 === 3 ? ("MERGED" as const) : index % 9 === 5 ? ("DECLINED" as const) : ("OPEN" as const),
      author: index % 3 === 0 ? "bob" : "alice",
    })),
  });
  return startBitbucketMock(mock);
}

/** What the real one does by itself, at the press of a button, and what came of it. */
export interface FakeControls {
  /** A page with all that was asked of it. */
  readonly inspectorUrl: string;
  /** What it was asked for so far, in words. */
  readonly askedFor: string;
  /** Two hours pass: every access token expires. */
  passTwoHours(): Promise<void>;
  /** The newest grant is revoked, as in Bitbucket's settings, and its access token refused. */
  revoke(): Promise<void>;
}

export function controlFake({ mock, url }: BitbucketMockServer): FakeControls {
  return {
    inspectorUrl: `${url}/_mock`,
    get askedFor() {
      const signIns = mock.requests.token("authorization_code").length;
      const refreshes = mock.requests.token("refresh_token").length;
      return `${signIns} ${signIns === 1 ? "sign-in" : "sign-ins"} and ${refreshes} ${refreshes === 1 ? "refresh" : "refreshes"}`;
    },
    passTwoHours: () => mock.clock.advance("2h"),
    async revoke() {
      const newest = mock.grants.at(-1);
      if (newest) mock.grant(newest.id).revoke();
      await mock.clock.advance("2h");
    },
  };
}
