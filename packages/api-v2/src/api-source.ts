import { InvalidOptionsError } from "@bitbucket-auth/core";
import type { CallOptions } from "./bitbucket-api.js";
import { isRecord } from "./json-object.js";
import { sendCall } from "./send-call.js";

/** Where calls are made: an API object of this package, or a `fetch` of core's `fetchFor()`. */
export type ApiSource =
  | typeof globalThis.fetch
  | { get(route: string, parameters?: undefined, options?: CallOptions): Promise<unknown> };

/** Reads a route at either kind of source. Rejects with `InvalidOptionsError` for what is neither. */
export async function readFrom(source: ApiSource, route: string, signal?: AbortSignal): Promise<unknown> {
  if (typeof source === "function")
    return sendCall({ method: "GET", target: route }, { fetch: source, signal });
  if (isRecord(source) && typeof source.get === "function") return source.get(route, undefined, { signal });
  throw new InvalidOptionsError("Pass an API object or a fetch of auth.fetchFor().");
}
