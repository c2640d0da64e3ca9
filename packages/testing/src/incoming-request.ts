/** A request whose body has been read, so that every station can look at it as often as it likes. */
export interface IncomingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
  /** The form fields; none when the body is not form-encoded. */
  readonly form: URLSearchParams;
}

export async function readIncomingRequest(request: Request): Promise<IncomingRequest> {
  const body = await request.text();
  const contentType = request.headers.get("content-type") ?? "";
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(contentType);
  return {
    method: request.method,
    url: new URL(request.url),
    headers: request.headers,
    body,
    form: new URLSearchParams(isForm ? body : ""),
  };
}
