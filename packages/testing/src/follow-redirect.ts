/** What a browser or Node sends after a redirect: method, body and credentials by the rules of the Fetch standard. */
export function redirectedRequest(
  request: Request,
  body: ArrayBuffer,
  status: number,
  location: URL,
): Request {
  const becomesGet = status === 303 || (status < 303 && request.method === "POST");
  const headers = new Headers(request.headers);
  if (location.origin !== new URL(request.url).origin) headers.delete("authorization");
  if (becomesGet) headers.delete("content-type");
  return new Request(location, {
    method: becomesGet ? "GET" : request.method,
    headers,
    signal: request.signal,
    redirect: request.redirect,
    ...(!becomesGet && body.byteLength > 0 && { body }),
  });
}
