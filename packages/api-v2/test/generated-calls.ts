import { createRequire } from "node:module";

/** A method of the plain package, by group. */
export interface GeneratedCall {
  readonly group: string;
  readonly method: string;
  /** One for each parameter of its source, the callback left out. */
  readonly args: readonly unknown[];
}

interface PlainGroup {
  readonly createApi: (api: object, options: object) => Record<string, (...args: unknown[]) => unknown>;
  readonly methods: readonly string[];
}

const { $api } = createRequire(import.meta.url)("bitbucket-api-v2");

/** What each parameter of the package is given, by the name it has in its source. */
const values: Readonly<Record<string, unknown>> = {
  username: "acme",
  teamname: "acme",
  owner: "acme",
  repo: { name: "My Website!", is_private: true },
  repoSlug: "website",
  role: "member",
  node: "c0ffee",
  sha: "c0ffee",
  revision: "c0ffee",
  key: "build-1",
  kind: "push",
  state: ["OPEN", "MERGED"],
  number: 8,
  path: "shot.png",
  reviewerName: "bob",
  subjectType: "repository",
  emailAddr: "a+b@example.com",
  files: { "nöte.txt": "héllo" },
  file: { files: new File(["zip"], "ä.zip") },
  attachments: { "shot.png": new Blob(["png"], { type: "image/png" }) },
  response: {
    links: { forks: { href: "https://api.bitbucket.org/2.0/repositories/acme/website/forks?page=2" } },
    parent: { links: { self: { href: "https://api.bitbucket.org/2.0/repositories/other/website" } } },
  },
};
const formMethods = new Set(["repositories.commit", "snippets.createWithMeta", "snippets.updateSnippetFor"]);

function argumentFor(call: string, parameter: string): unknown {
  if (formMethods.has(call) && /^(params|data|snippet)$/.test(parameter))
    return { title: "Tïtle", files: { "a.txt": "ä" } };
  if (parameter in values) return values[parameter];
  return /id$/i.test(parameter) ? 7 : { title: "Tïtle" };
}

/** Every method of every group that the package lists and has, and those it has and forgot to list. */
export function everyGeneratedCall(): GeneratedCall[] {
  return everyGroup().flatMap(({ group, plain }) => {
    const methods = plain.createApi({}, {});
    const names = new Set([
      ...plain.methods,
      ...Object.keys(methods).filter((name) => isUnlisted(name, methods)),
    ]);
    return [...names]
      .filter((method) => typeof methods[method] === "function" && method !== "hasParent")
      .map((method) => ({
        group,
        method,
        args: parametersOf(methods[method]).map((parameter) => argumentFor(`${group}.${method}`, parameter)),
      }));
  });
}

/** Names that the package lists and does not have. */
export function listedAndAbsent(): string[] {
  return everyGroup().flatMap(({ group, plain }) => {
    const methods = plain.createApi({}, {});
    return plain.methods.filter((name) => !(name in methods)).map((name) => `${group}.${name}`);
  });
}

function everyGroup(): { group: string; plain: PlainGroup }[] {
  const { repos, ...others } = $api;
  return Object.entries<PlainGroup>({ ...repos, ...others }).map(([group, plain]) => ({ group, plain }));
}

function isUnlisted(name: string, methods: Record<string, (...args: unknown[]) => unknown>): boolean {
  return name === "getPullRequests" || name === "getSnippetCommitsFor" ? name in methods : false;
}

function parametersOf(method: ((...args: unknown[]) => unknown) | undefined): string[] {
  const [, list = ""] = /^\w+\(([^)]*)\)/.exec(String(method)) ?? [];
  return list
    .split(",")
    .map((parameter) => parameter.split("=", 1)[0]?.trim() ?? "")
    .filter((name) => name !== "" && name !== "callback");
}
