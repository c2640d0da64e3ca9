import {
  checkSeed,
  seedMembers,
  type ConsumerSeed,
  type PullRequestSeed,
  type RepositorySeed,
  type Seed,
  type UserSeed,
  type WorkspaceSeed,
} from "../fake/seed.js";
import { readFields, type JsonFields } from "./json-fields.js";

/** Reads a seed from JSON. Throws, naming the member, when something in it has the wrong type. */
export function parseSeed(value: unknown): Seed {
  const fields = readFields(value, "the seed");
  for (const [name] of fields.entries)
    if (!Object.hasOwn(seedMembers, name))
      throw new TypeError(`the seed has no list "${name}"; it has ${Object.keys(seedMembers).join(", ")}`);
  const list = <Item>(name: keyof Seed, read: (item: JsonFields) => Item): readonly Item[] | undefined =>
    fields.optional(name, (of) =>
      of.list(name).map((item) => {
        const members = readFields(item, `an item of ${name}`);
        checkSeed(name, Object.fromEntries(members.entries));
        return read(members);
      }),
    );
  const consumers = list("consumers", readConsumer);
  const users = list("users", readUser);
  const workspaces = list("workspaces", readWorkspace);
  const repositories = list("repositories", readRepository);
  const pullRequests = list("pullRequests", readPullRequest);
  return {
    ...(consumers && { consumers }),
    ...(users && { users }),
    ...(workspaces && { workspaces }),
    ...(repositories && { repositories }),
    ...(pullRequests && { pullRequests }),
  };
}

/** Reads a consumer that was written as JSON. */
export function readConsumer(fields: JsonFields): ConsumerSeed {
  const scopes = fields.optional("scopes", (of) => of.strings("scopes"));
  return {
    ...texts(fields, ["name", "clientId", "clientSecret", "callbackUrl"]),
    ...(fields.raw("callbackUrl") === null && { callbackUrl: null }),
    ...(scopes && { scopes }),
    ...switches(fields, "private"),
  };
}

/** Reads a user that was written as JSON. */
export function readUser(fields: JsonFields): UserSeed {
  return {
    username: fields.string("username"),
    ...texts(fields, ["displayName", "uuid", "accountId", "email", "password"]),
    ...lists(fields, ["otherEmails"]),
  };
}

function readWorkspace(fields: JsonFields): WorkspaceSeed {
  const members = fields.optional("members", (of) => of.strings("members"));
  return { slug: fields.string("slug"), ...texts(fields, ["name", "uuid"]), ...(members && { members }) };
}

function readRepository(fields: JsonFields): RepositorySeed {
  return {
    workspace: fields.string("workspace"),
    slug: fields.string("slug"),
    ...texts(fields, ["name", "uuid", "description", "project", "mainBranch", "createdOn"]),
    ...switches(fields, "private"),
  };
}

function readPullRequest(fields: JsonFields): PullRequestSeed {
  const state = fields.optional("state", (of) =>
    of.oneOf("state", ["OPEN", "MERGED", "DECLINED", "SUPERSEDED"]),
  );
  return {
    workspace: fields.string("workspace"),
    repository: fields.string("repository"),
    id: fields.number("id"),
    ...texts(fields, ["title", "author", "sourceBranch", "destinationBranch", "description"]),
    ...texts(fields, ["createdOn", "updatedOn", "mergeCommit"]),
    ...lists(fields, ["reviewers"]),
    ...(state && { state }),
  };
}

function texts(fields: JsonFields, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.filter((name) => fields.has(name)).map((name) => [name, fields.string(name)]),
  );
}

function lists(fields: JsonFields, names: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    names.filter((name) => fields.has(name)).map((name) => [name, fields.strings(name)]),
  );
}

function switches(fields: JsonFields, name: string): Readonly<Record<string, boolean>> {
  return fields.has(name) ? { [name]: fields.boolean(name) } : {};
}
