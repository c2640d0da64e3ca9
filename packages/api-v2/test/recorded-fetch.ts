/** What went out, in one line, and the token it had. */
export interface SentCall {
  readonly line: string;
  readonly authorization: string | null;
}

/** Passes requests on and writes down those that match. */
export function recordFetch(
  fetch: typeof globalThis.fetch,
  matches: (url: URL) => boolean = (url) => url.pathname.startsWith("/2.0/"),
): { readonly fetch: typeof globalThis.fetch; readonly sent: SentCall[] } {
  const sent: SentCall[] = [];
  return {
    sent,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const url = new URL(request.url);
      if (matches(url)) {
        sent.push({
          line: [request.method, url.pathname + url.search, await bodyOf(request.clone())]
            .filter(Boolean)
            .join(" "),
          authorization: request.headers.get("authorization"),
        });
      }
      return fetch(request);
    },
  };
}

async function bodyOf(request: Request): Promise<string> {
  const type = request.headers.get("content-type") ?? "";
  if (type.startsWith("multipart/form-data")) {
    const parts: string[] = [];
    for (const [name, value] of await request.formData())
      parts.push(
        typeof value === "string" ? `${name}=${value}` : `${name}=@${value.name}:${await value.text()}`,
      );
    return `form:${parts.join("&")}`;
  }
  if (type.startsWith("multipart/related"))
    return `related:${(await request.text()).match(/^\{.*\}$/m)?.[0] ?? ""}`;
  const text = await request.text();
  return text === "" ? "" : `json:${text}`;
}
