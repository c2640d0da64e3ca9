import { InvalidOptionsError } from "@bitbucket-auth/core";

/** What `fetchResource()` takes. */
export interface ResourceOptions {
  /** A path of Bitbucket's API such as `/2.0/user`, or a whole URL of it, such as the `next` of a page. */
  readonly resourceUrl: string;
  /** @default "GET" */
  readonly method?: string | undefined;
  readonly headers?: HeadersInit | undefined;
  /** Plain objects and arrays are sent as JSON. */
  readonly body?: string | object | undefined;
  /** Given to `fetch`; what it is aborted with is what the call rejects with. */
  readonly signal?: AbortSignal | undefined;
}

/** A call as `makeAjaxRequest()` gets it, spelled so that jQuery's `ajax` takes it too. */
export interface RequestObject {
  readonly url: string;
  readonly method: string;
  /** The same as `method`, for old versions of jQuery. */
  readonly type: string;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly data: BodyInit | undefined;
  readonly dataType: "json";
  /** Whether it goes to another origin than the page's. */
  readonly crossDomain: boolean;
  /** jQuery must neither name a content type nor change the data. */
  readonly contentType: false;
  readonly processData: false;
  readonly signal: AbortSignal | undefined;
}

/** Spells out a call to `url`. Throws `InvalidOptionsError` for what no request can hold. */
export function requestObject(
  url: string,
  { method = "GET", headers: given, body, signal }: Omit<ResourceOptions, "resourceUrl">,
  crossDomain: boolean,
): RequestObject {
  const json = "application/json";
  const isJson = body !== undefined && !isBody(body);
  try {
    const headers: Record<string, string> = {
      accept: json,
      ...(isJson && { "content-type": json }),
      ...Object.fromEntries(new Headers(given)),
    };
    // Who the caller is, is not for the page to say.
    delete headers["authorization"];
    const verb = method.toUpperCase();
    return {
      url,
      method: verb,
      type: verb,
      headers,
      data: isJson ? JSON.stringify(body) : body,
      dataType: "json",
      crossDomain,
      contentType: false,
      processData: false,
      signal,
    };
  } catch {
    throw new InvalidOptionsError("Wrong method, headers or body.");
  }
}

/** Whether `fetch` takes it as it is: text, a form, a file, bytes. */
function isBody(body: string | object): body is BodyInit {
  return !/^\[object (?:Object|Array)\]$/.test(Object.prototype.toString.call(body));
}
