import { InvalidOptionsError } from "@bitbucket-auth/core";
import type { ApiAnswer, BitbucketAPI } from "./bitbucket-api.js";
import { deliver } from "./deliver.js";
import { isRecord } from "./json-object.js";
import { promiseMethods } from "./group-methods.js";
import { requireBitbucketApiV2 } from "./load-peer.js";
import { paginate } from "./paginate.js";
import { readSignal } from "./read-options.js";
import {
  createRequestAdapter,
  eitherSignal,
  type RequestAdapter,
  type Transport,
} from "./request-adapter.js";
import { whoAmI } from "./who-am-i.js";

type Callback = (error: unknown, answer?: unknown) => void;

/** Makes an API object of `bitbucket-api-v2` on our transport, and mends in it what no transport can. */
export function assembleApi(transport: Transport): BitbucketAPI {
  const request = createRequestAdapter(transport);
  // Note: the package types nothing. `BitbucketAPI` is what a test has found in it, name by name.
  const api = requireBitbucketApiV2().createBitbucketAPI({ requestAdapter: () => request });
  addMissingMethod(api.pipelines, request);

  const promised: Record<string, unknown> = {};
  for (const [name, group] of Object.entries<Record<string, unknown>>(api)) {
    if (isGroup(group)) promised[name] = promiseMethods(group, name);
  }
  const assembled: BitbucketAPI = Object.assign(api, {
    promised,
    getNextPage: follow(request, "next"),
    getPreviousPage: follow(request, "previous"),
    hasNextPage: (page: ApiAnswer) => linkOf(page, "next") !== "",
    hasPreviousPage: (page: ApiAnswer) => linkOf(page, "previous") !== "",
    authorizeOAuth2: () => {
      throw new InvalidOptionsError(
        "authorizeOAuth2() never worked. Send a person to sign in with auth.startAuthorization() of @bitbucket-auth/core.",
      );
    },
    paginate: (...args: DropFirst<Parameters<typeof paginate>>) => paginate(assembled, ...args),
    whoAmI: () => whoAmI(assembled),
    withSignal: (signal: AbortSignal) =>
      assembleApi({ ...transport, signal: eitherSignal(transport.signal, readSignal(signal)) }),
  });
  return assembled;
}

type DropFirst<List extends readonly unknown[]> = List extends readonly [unknown, ...infer Rest]
  ? Rest
  : never;

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && "$createListener" in value;
}

/** The package's own `getStep` counts its arguments wrongly, so that no call of it is right. */
function addMissingMethod(pipelines: Record<string, unknown>, request: RequestAdapter): void {
  pipelines["getStep"] = (
    workspace: string,
    repository: string,
    pipeline: string,
    step: string,
    callback: Callback,
  ) => {
    const route = [workspace, repository, "pipelines", pipeline, "steps", step]
      .map((part) => encodeURI(part))
      .join("/");
    return request.get(`repositories/${route}`, undefined, undefined, callback);
  };
}

function follow(request: RequestAdapter, link: "next" | "previous") {
  return (page: ApiAnswer, callback?: Callback): Promise<unknown> | undefined => {
    const address = linkOf(page, link);
    const answer =
      address !== ""
        ? request.doPrebuiltSend(address)
        : Promise.reject(
            new InvalidOptionsError(
              `This page has no ${link} one. Ask first: hasNextPage(), hasPreviousPage().`,
            ),
          );
    return answer && deliver(answer, callback);
  };
}

/** A link of a page, empty where there is none. */
function linkOf(page: unknown, link: "next" | "previous"): string {
  const address = isRecord(page) && page[link];
  return typeof address === "string" ? address : "";
}
