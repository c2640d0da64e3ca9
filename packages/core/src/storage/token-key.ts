import { InvalidOptionsError } from "../errors.js";

/** The natural identity of a grant. Whatever can refresh the same grant must build the same key. */
export interface TokenKey {
  /** Host (and port) of the token endpoint. */
  readonly site: string;
  /** The consumer's client id. */
  readonly consumer: string;
  /** Whose grant it is; `undefined` is the consumer itself, by client credentials. */
  readonly account: string | undefined;
}

/** The key under which a storage keeps this grant. Holds no token; two grants never share one. */
export function storageKey(key: TokenKey): string {
  if (key.account === undefined) return `${consumerPrefix(key)}client`;
  if (key.account === "")
    throw new InvalidOptionsError("The account is an empty string. Pass the key you signed it in under.");
  return `${userKeyPrefix(key)}${encode(key.account)}`;
}

/** What the storage keys of all signed-in accounts of this consumer begin with. */
export function userKeyPrefix(key: Omit<TokenKey, "account">): string {
  return `${consumerPrefix(key)}user/`;
}

/** The account in a storage key made with `userKeyPrefix`. */
export function accountOfStorageKey(key: string): string {
  return decodeURIComponent(key.slice(key.lastIndexOf("/") + 1));
}

/** What the storage keys of everything this consumer keeps begin with. */
export function consumerPrefix({ site, consumer }: Omit<TokenKey, "account">): string {
  return `${encode(site)}/${encode(consumer)}/`;
}

function encode(part: string): string {
  try {
    return encodeURIComponent(part);
  } catch {
    throw new InvalidOptionsError(
      "An account key or client id is not well-formed Unicode (a lone surrogate).",
    );
  }
}
