import { noContent, jsonAnswer, type Answer, badRequestAnswer, notFoundAnswer } from "../answers.js";
import { randomUuid } from "../secrets.js";
import type { ApiItem } from "../state.js";
import {
  route,
  textOf,
  visibleRepository,
  visibleWorkspace,
  type ApiRoute,
  type InternalCall,
} from "./call.js";
import { itemsAt } from "./content.js";
import { accountResource, appUserResource, page, type Resource } from "./resources.js";

/** A list of the API whose items can be made, read, changed and removed, and need nothing else. */
interface ApiCollection {
  /** Below `/2.0`. */
  readonly path: string;
  /** By which member an item is named in its path. */
  readonly key: "id" | "uuid" | "key" | "name";
  readonly read: string;
  readonly write: string;
  readonly remove?: string;
  /** Members a new item must have, with the most characters each may have. */
  readonly required?: Readonly<Record<string, number>>;
  /** `false`: its pages do not say `next`. */
  readonly saysNext?: false;
  /** The item as documented, with what was sent. */
  make(call: InternalCall, id: number): Resource;
}

const repository = "/repositories/:workspace/:repository";

const collections: readonly ApiCollection[] = [
  {
    path: `${repository}/issues`,
    key: "id",
    read: "issue",
    write: "issue",
    remove: "issue:write",
    required: { title: 255 },
    make: (call, id) => ({
      type: "issue",
      id,
      state: "new",
      kind: "bug",
      priority: "major",
      assignee: null,
      component: null,
      milestone: null,
      version: null,
      votes: 0,
      watches: 1,
      reporter: actor(call),
      ...call.body,
      content: rendered(textOf(call.body, "content", "raw") ?? ""),
      created_on: call.now,
      updated_on: call.now,
    }),
  },
  comments(`${repository}/issues/:issue/comments`, "issue_comment", "issue", "issue"),
  comments(`${repository}/pullrequests/:id/comments`, "pullrequest_comment", "pullrequest", "pullrequest"),
  comments(`${repository}/commit/:commit/comments`, "commit_comment", "repository", "repository"),
  hooks(`${repository}/hooks`),
  hooks("/workspaces/:workspace/hooks"),
  {
    path: `${repository}/commit/:commit/statuses/build`,
    key: "key",
    read: "repository",
    write: "repository",
    required: { key: 40, state: 20, url: 2_048 },
    make: (call) => ({ type: "build", name: textOf(call.body, "key"), description: "", ...stamped(call) }),
  },
  {
    path: `${repository}/pipelines_config/variables`,
    key: "uuid",
    read: "pipeline:variable",
    write: "pipeline:variable",
    required: { key: 255 },
    saysNext: false,
    make: (call) => ({
      type: "pipeline_variable",
      uuid: randomUuid(),
      secured: false,
      ...call.body,
      // A secured value is written and never read.
      ...(call.body["secured"] === true && { value: undefined }),
    }),
  },
  {
    // Without the slash at the end Bitbucket has no such address.
    path: `${repository}/environments/`,
    key: "uuid",
    read: "pipeline",
    write: "pipeline:write",
    required: { name: 255 },
    saysNext: false,
    make: (call) => ({
      type: "deployment_environment",
      uuid: randomUuid(),
      slug: textOf(call.body, "name")?.toLowerCase(),
      environment_type: { type: "deployment_environment_type", name: "Test", rank: 0 },
      ...call.body,
    }),
  },
  {
    path: `${repository}/deploy-keys`,
    key: "id",
    read: "repository:admin",
    write: "repository:admin",
    required: { key: 8_192 },
    make: (call, id) => ({ type: "deploy_key", id, label: "", ...call.body, added_on: call.now }),
  },
  {
    path: `${repository}/branch-restrictions`,
    key: "id",
    read: "repository:admin",
    write: "repository:admin",
    required: { kind: 64 },
    make: (call, id) => ({
      type: "branchrestriction",
      id,
      branch_match_kind: "glob",
      pattern: "",
      users: [],
      groups: [],
      ...call.body,
    }),
  },
];

/** The lists of the API that hold nothing but what was sent to them. */
export const collectionRoutes: readonly ApiRoute[] = collections.flatMap((collection) => {
  const { path, read, write, remove = write } = collection;
  const list = path.replace(/\/$/, "");
  return [
    route("GET", path, read, (call) => within(call, collection, listItems)),
    route("POST", path, write, (call) => within(call, collection, createItem)),
    route("GET", `${list}/:item`, read, (call) => within(call, collection, readItem)),
    route("PUT", `${list}/:item`, write, (call) => within(call, collection, updateItem)),
    route("DELETE", `${list}/:item`, remove, (call) => within(call, collection, removeItem)),
  ];
});

type Use = (call: InternalCall, collection: ApiCollection, at: string) => Answer;

function within(call: InternalCall, collection: ApiCollection, use: Use): Answer {
  const isThere = "repository" in call.params ? visibleRepository(call) : visibleWorkspace(call);
  if (!isThere) return notFoundAnswer();
  const path = call.url.pathname.slice("/2.0".length).replace(/\/$/, "");
  return use(call, collection, "item" in call.params ? path.slice(0, path.lastIndexOf("/")) : path);
}

function listItems(call: InternalCall, { saysNext }: ApiCollection, at: string): Answer {
  return jsonAnswer(200, page(itemsAt(call.state, at), call.url, saysNext ?? true));
}

function createItem(call: InternalCall, collection: ApiCollection, at: string): Answer {
  const { key, required = {} } = collection;
  const faults = faultsOf(call.body, required);
  if (Object.keys(faults).length > 0) return badRequestAnswer(faults);
  const kept = itemsAt(call.state, at);
  const id = Math.max(0, ...kept.map((item) => Number(item["id"] ?? 0))) + 1;
  const made = collection.make(call, id);
  const name = String(made[key]);
  const self = `${call.url.origin}/2.0${at}/${encodeURIComponent(name)}`;
  const item = { ...made, links: { self: { href: self } } };
  // A build status is made again under the same key: the later one stands.
  call.state.items.set(at, [...kept.filter((other) => String(other[key]) !== name), item]);
  return jsonAnswer(201, item, { location: self });
}

function readItem(call: InternalCall, collection: ApiCollection, at: string): Answer {
  const item = findItem(call, collection, at);
  return item ? jsonAnswer(200, item) : notFoundAnswer();
}

function updateItem(call: InternalCall, collection: ApiCollection, at: string): Answer {
  const item = findItem(call, collection, at);
  if (item === undefined) return notFoundAnswer();
  const changed = { ...item, ...call.body, ...("updated_on" in item && { updated_on: call.now }) };
  call.state.items.set(
    at,
    itemsAt(call.state, at).map((other) => (other === item ? changed : other)),
  );
  return jsonAnswer(200, changed);
}

function removeItem(call: InternalCall, collection: ApiCollection, at: string): Answer {
  const item = findItem(call, collection, at);
  if (item === undefined) return notFoundAnswer();
  call.state.items.set(
    at,
    itemsAt(call.state, at).filter((other) => other !== item),
  );
  return noContent;
}

function findItem({ state, params }: InternalCall, { key }: ApiCollection, at: string): ApiItem | undefined {
  return itemsAt(state, at).find((item) => String(item[key]) === params["item"]);
}

/** What is wrong with a body, by member, in the words of Bitbucket's forms. */
export function faultsOf(
  body: Readonly<Record<string, unknown>>,
  required: Readonly<Record<string, number>>,
): Readonly<Record<string, readonly string[]>> {
  const faults = Object.entries(required).flatMap(([name, longest]) => {
    const value = body[name];
    if (value === undefined || value === "" || value === null) return [[name, ["This field is required."]]];
    return typeof value === "string" && value.length > longest
      ? [[name, [`Ensure this value has at most ${longest} characters (it has ${value.length}).`]]]
      : [];
  });
  return Object.fromEntries(faults);
}

function comments(path: string, type: string, read: string, write: string): ApiCollection {
  return {
    path,
    key: "id",
    read,
    write,
    required: { content: Number.POSITIVE_INFINITY },
    make: (call, id) => ({
      type,
      id,
      deleted: false,
      ...call.body,
      content: rendered(textOf(call.body, "content", "raw") ?? ""),
      user: actor(call),
      created_on: call.now,
      updated_on: call.now,
    }),
  };
}

function hooks(path: string): ApiCollection {
  return {
    path,
    key: "uuid",
    read: "webhook",
    write: "webhook",
    required: { url: 2_048, description: 255 },
    make: (call) => ({
      type: "webhook_subscription",
      uuid: randomUuid(),
      active: true,
      events: [],
      skip_cert_verification: false,
      secret_set: typeof call.body["secret"] === "string",
      ...call.body,
      // A secret is written and never read.
      secret: undefined,
      created_at: call.now,
    }),
  };
}

function stamped(call: InternalCall): Resource {
  return { ...call.body, created_on: call.now, updated_on: call.now };
}

function rendered(raw: string): Resource {
  return { type: "rendered", raw, markup: "markdown", html: raw === "" ? "" : `<p>${raw}</p>` };
}

/** The account that did it, as it stands inside other resources. */
export function actor({ user, caller, url }: InternalCall): Resource {
  if (user) return accountResource(user, url.origin);
  return appUserResource(caller.clientId ?? caller.credential?.kind ?? "", "{app-user}");
}
