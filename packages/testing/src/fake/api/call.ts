import { jsonAnswer, type Answer, notFoundAnswer } from "../answers.js";
import type { Repository, User, Workspace } from "../seed.js";
import type { MockState } from "../state.js";
import type { Caller } from "./authentication.js";

/** What a route sees of a call that is let in and has the scope. */
export interface ApiCall {
  readonly method: string;
  readonly url: URL;
  /** The variable parts of the path by name, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** The members of a JSON body, or of a form; none when the body is neither. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The user the caller acts as; `null` for a consumer, and for an access token. */
  readonly user: User | null;
  readonly scopes: readonly string[];
  /** An answer with another status than 200. Without a body it is empty. */
  reply(status: number, body?: unknown, headers?: Readonly<Record<string, string>>): ApiReply;
}

/** An answer made by `reply()`. */
export interface ApiReply {
  readonly [replied]: Answer;
}

const replied: unique symbol = Symbol("an answer made by reply()");

/** What the routes of the fake itself see besides. */
export interface InternalCall extends ApiCall {
  readonly state: MockState;
  readonly caller: Caller;
  /** The time of the fake as the API writes it. */
  readonly now: string;
  /** The parts of a multipart form in base64. */
  readonly uploads: readonly (readonly [name: string, base64: string])[];
}

/** One endpoint of the API. `scope` is what it requires of an OAuth token. */
export interface ApiRoute {
  readonly method: string;
  readonly path: RegExp;
  readonly scope: string | null;
  /** Whether it is about the user who calls, so that a token without one is refused. */
  readonly needsUser?: true;
  answer(call: InternalCall): Answer;
}

/** Makes a reply out of an answer. */
export function createReply(
  status: number,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): ApiReply {
  if (body === undefined) return { [replied]: { status, headers, body: "" } };
  if (typeof body === "string") {
    const text = { "content-type": "text/plain; charset=utf-8", ...headers };
    return { [replied]: { status, headers: text, body } };
  }
  return { [replied]: jsonAnswer(status, body, headers) };
}

/** What a route of a test answered: a reply as it is, anything else as JSON with the status 200. */
export function answerOf(result: unknown): Answer {
  return isReply(result) ? result[replied] : jsonAnswer(200, result);
}

function isReply(value: unknown): value is ApiReply {
  return typeof value === "object" && value !== null && replied in value;
}

/** Reads a path: `:name` is one segment, `*name` is the rest. A slash at the end is optional unless the path has one. */
export function pathPattern(path: string): RegExp {
  const pattern = path
    .replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/:(\w+)/g, "(?<$1>[^/]+)")
    .replaceAll(/\*(\w+)/g, "(?<$1>.*)");
  return new RegExp(`^${pattern}${path.endsWith("/") || path.includes("*") ? "" : "/?"}$`);
}

/** One of the fake's own endpoints, below `/2.0`. */
export function route(
  method: string,
  path: string,
  scope: string | null,
  answer: (call: InternalCall) => Answer,
): ApiRoute {
  return { method, path: pathPattern(`/2.0${path}`), scope, answer };
}

/** The workspace of the path, if the caller sees it. */
export function visibleWorkspace({ state, caller, params }: InternalCall): Workspace | undefined {
  const { username, credential } = caller;
  return state.workspaces.find(({ slug, uuid, members }) => {
    if (slug !== params["workspace"] && uuid !== params["workspace"]) return false;
    if (credential && credential.username === null) return credential.workspace === slug;
    return username === null || members.includes(username);
  });
}

/** Whether the caller sees a repository of a workspace that it sees. */
export function isVisible({ caller: { credential } }: InternalCall, repository: Repository): boolean {
  if (credential === undefined) return true;
  const { repository: only, project } = credential;
  return (only === null || only === repository.slug) && (project === null || project === repository.project);
}

/** The repository of the path, if the caller sees it. */
export function visibleRepository(call: InternalCall): Repository | undefined {
  const workspace = visibleWorkspace(call);
  const { repository: name } = call.params;
  return call.state.repositories.find(
    (repository) =>
      repository.workspace === workspace?.slug &&
      (repository.slug === name || repository.uuid === name) &&
      isVisible(call, repository),
  );
}

/** A route below a repository: 404 for a caller that does not see the repository. */
export function inRepository(
  method: string,
  path: string,
  scope: string,
  answer: (call: InternalCall, repository: Repository) => Answer,
): ApiRoute {
  return route(method, `/repositories/:workspace/:repository${path}`, scope, (call) => {
    const repository = visibleRepository(call);
    return repository ? answer(call, repository) : notFoundAnswer();
  });
}

/** A member of the body that is a text; `undefined` when it is none. */
export function textOf(
  body: Readonly<Record<string, unknown>>,
  ...path: readonly string[]
): string | undefined {
  let value: unknown = body;
  for (const name of path) value = isRecord(value) ? value[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

/** Whether a JSON value is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
