import type { GrantState, MockState } from "./mock-state.js";
import type { Consumer, User } from "./seed.js";

/** Names a consumer by its name or client id. */
export type ConsumerRef = string | Pick<Consumer, "clientId">;
/** Names a user by username or uuid. */
export type UserRef = string | Pick<User, "username">;
/** Names a grant by its id, or by any access or refresh token ever issued for it. */
export type GrantRef = string | { readonly id: string };

/** The consumer meant; the first one when nothing is named. Throws when there is none. */
export function findConsumer({ consumers }: MockState, ref?: ConsumerRef): Consumer {
  const name = typeof ref === "object" ? ref.clientId : ref;
  const found = consumers.find(
    (known) => name === undefined || known.clientId === name || known.name === name,
  );
  if (found === undefined) throw new Error(`The fake has no consumer ${name ?? "at all"}`);
  return found;
}

/** The user meant; the first one when nobody is named. Throws when there is none. */
export function findUser({ users }: MockState, ref?: UserRef): User {
  const name = typeof ref === "object" ? ref.username : ref;
  const found = users.find((known) => name === undefined || known.username === name || known.uuid === name);
  if (found === undefined) throw new Error(`The fake has no user ${name ?? "at all"}`);
  return found;
}

/** The grant meant. Throws when there is none, without repeating what may be a token. */
export function findGrant({ grants, refreshTokens, accessTokens }: MockState, ref: GrantRef): GrantState {
  const name = typeof ref === "object" ? ref.id : ref;
  const id = (refreshTokens.get(name) ?? accessTokens.get(name))?.grantId ?? name;
  const found = grants.get(id);
  if (found === undefined) throw new Error("The fake has no such grant");
  return found;
}
