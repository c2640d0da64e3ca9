import { InvalidOptionsError, type BitbucketAuth } from "@bitbucket-auth/core";
import { isRecord } from "./json-object.js";

/** The options of a function, if they are an object. Else throws `InvalidOptionsError`. */
export function readOptions<Options>(options: Options): Options {
  if (isRecord(options)) return options;
  throw new InvalidOptionsError("Pass the options as an object.");
}

/** The `auth` in options, if it is one. */
export function readAuth({ auth }: { readonly auth: BitbucketAuth }): BitbucketAuth {
  if (isRecord(auth) && typeof auth.fetchFor === "function") return auth;
  throw new InvalidOptionsError("auth must be what createBitbucketAuth() answers.");
}

/** A signal, or nothing where there is none. */
export function readSignal(signal: unknown): AbortSignal | undefined {
  if (signal == null || signal instanceof AbortSignal) return signal ?? undefined;
  throw new InvalidOptionsError("signal must be an AbortSignal.");
}
