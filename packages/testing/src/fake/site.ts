import { redirectAnswer, textAnswer, type Answer, type Commit, type Ruling } from "./answers.js";
import { liveCaller, missingScope, recogniseToken, type Caller } from "./api/authentication.js";
import { archivePath, gitPath, type IncomingRequest } from "./operation.js";
import { basicCredentials } from "./secrets.js";
import type { Repository } from "./seed.js";
import type { MockContext } from "./state.js";

/** A request of `git` that was let in, for what keeps the repositories. */
export interface GitCall {
  readonly workspace: string;
  readonly repository: string;
  /** `info/refs`, `git-upload-pack` or `git-receive-pack`. */
  readonly service: string;
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Who pushes: a user name, or the kind of the credential. */
  readonly remoteUser: string;
}

/** Carries out what `git` asks of a repository. The fake has authenticated the caller. */
export type GitBackend = (call: GitCall) => Promise<Answer>;

/**
 * An archive of a repository, which the site has and the API has not. A caller that is not let in is sent to the sign-in page, as
 * a browser would be: a client that follows saves a page as its archive.
 */
export function prepareArchiveRequest(context: MockContext, request: IncomingRequest): Commit {
  return () => {
    const { pathname, search, origin } = request.url;
    const [, workspace, slug, , format = "zip"] = archivePath.exec(pathname) ?? [];
    const repository = findRepository(context, workspace, slug);
    const caller = authenticateAtSite(context, request);
    if (repository === undefined) return { answer: textAnswer(404, "Repository not found") };
    if (!isLetIn(caller, repository, "repository")) {
      const next = encodeURIComponent(pathname + search);
      return { answer: redirectAnswer(302, `${origin}/account/signin?next=${next}`), ...factsOf(caller) };
    }
    const disposition = `attachment; filename=${workspace}-${slug}.${format}`;
    const type = format === "zip" ? "application/zip" : "application/x-gzip";
    const headers = { "content-type": type, "content-disposition": disposition };
    return { answer: { status: 200, headers, body: emptyArchive(format) }, ...factsOf(caller) };
  };
}

/** What `git` asks for: authenticated here, with the user name that goes with each kind of credential. */
export function prepareGitRequest(
  context: MockContext,
  request: IncomingRequest,
  backend: GitBackend | null,
): Commit {
  return () => {
    const { url, method, headers, bytes } = request;
    const [, workspace = "", slug = "", service = ""] = gitPath.exec(url.pathname) ?? [];
    const repository = findRepository(context, workspace, slug);
    const isWrite = (url.searchParams.get("service") ?? service) === "git-receive-pack";
    const caller = authenticateAtSite(context, request);
    if ("refused" in caller) return { answer: caller.refused, ...factsOf(caller) };
    if (repository === undefined)
      return { answer: textAnswer(404, "Repository not found"), ...factsOf(caller) };
    if (!isLetIn(caller, repository, isWrite ? "repository:write" : "repository"))
      return caller.kind === "anonymous"
        ? { answer: signInAnswer(401) }
        : { answer: textAnswer(403, "You may not have access to this repository."), ...factsOf(caller) };
    if (backend === null)
      return {
        answer: textAnswer(501, "Start the fake with startBitbucketMock(mock, { git: { directory } })."),
        violation: "the fake serves Git only with startBitbucketMock(mock, { git: { directory } })",
      };
    const remoteUser =
      "caller" in caller ? (caller.caller.username ?? caller.caller.credential?.kind ?? "app") : "";
    const call = {
      workspace,
      repository: repository.slug,
      service,
      method,
      url,
      headers,
      body: bytes,
      remoteUser,
    };
    return { answer: textAnswer(200, ""), later: () => backend(call), ...factsOf(caller) };
  };
}

type SiteCaller =
  | { readonly kind: "anonymous" }
  | { readonly kind: "known"; readonly caller: Caller }
  | { readonly kind: "refused"; readonly refused: Answer; readonly violation?: string };

/** Bearer for tokens that stand for themselves, Basic with the user name of each kind of credential. */
function authenticateAtSite(context: MockContext, request: IncomingRequest): SiteCaller {
  const [scheme = "", sent = ""] = request.headers.get("authorization")?.split(" ") ?? [];
  if (scheme === "") return { kind: "anonymous" };
  const refused: SiteCaller = { kind: "refused", refused: signInAnswer(401) };
  if (scheme === "Bearer") return known(recogniseToken(context, sent)) ?? refused;
  const { username = "", password = "" } = basicCredentials(sent) ?? {};
  const credential = context.state.credentials.get(password);
  if (credential === undefined)
    return username === "x-token-auth" ? (known(recogniseToken(context, password)) ?? refused) : refused;
  const { kind, gitUsername } = credential;
  if (kind === "app-password" && context.profile.appPasswords === "removed")
    return {
      ...refused,
      refused: signInAnswer(context.profile.appPasswordGitStatus),
      violation: "app passwords were removed on 2026-07-28: use an API token",
    };
  const isOwner = kind === "api-token" && username === credential.username;
  if (username !== gitUsername && !isOwner) {
    const violation = `git sends a credential of the kind ${kind} with the user name ${gitUsername}`;
    return { ...refused, violation };
  }
  const caller = liveCaller(context, credential);
  return caller ? { kind: "known", caller } : refused;
}

function known(caller: ReturnType<typeof recogniseToken>): SiteCaller | undefined {
  return "refused" in caller ? undefined : { kind: "known", caller };
}

function findRepository(
  { state }: MockContext,
  workspace: string | undefined,
  slug: string | undefined,
): Repository | undefined {
  return state.repositories.find((one) => one.workspace === workspace && one.slug === slug);
}

function isLetIn(site: SiteCaller, repository: Repository, scope: string): boolean {
  if (site.kind !== "known")
    return site.kind === "anonymous" && !repository.private && scope === "repository";
  const { caller } = site;
  const { workspace = null, repository: only = null, project = null } = caller.credential ?? {};
  const isInReach =
    (workspace === null || workspace === repository.workspace) &&
    (only === null || only === repository.slug) &&
    (project === null || project === repository.project);
  return isInReach && missingScope(caller, scope) === null;
}

function factsOf(site: SiteCaller): Pick<Ruling, "facts" | "violation"> {
  if (site.kind === "refused" && site.violation !== undefined) return { violation: site.violation };
  if (site.kind !== "known") return {};
  const { clientId, grantId, generation } = site.caller;
  return {
    facts: {
      ...(clientId !== undefined && { clientId }),
      ...(grantId !== undefined && { grantId }),
      ...(generation !== undefined && { generation }),
    },
  };
}

const appPasswordsGone =
  "App passwords are no longer supported. Use an API token: https://support.atlassian.com/bitbucket-cloud/docs/api-tokens/";

function signInAnswer(status: 401 | 410): Answer {
  if (status === 410) return textAnswer(410, appPasswordsGone);
  return textAnswer(401, "Invalid credentials", { "www-authenticate": 'Basic realm="Bitbucket.org HTTP"' });
}

/** An archive with nothing in it, so that it can be opened. */
function emptyArchive(format: string): Uint8Array<ArrayBuffer> {
  const base64 =
    format === "zip" ? "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==" : "H4sIAAAAAAAAA2NgGAWjYBSMVAAALq+17wAEAAA=";
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
