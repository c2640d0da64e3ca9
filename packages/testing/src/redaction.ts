/** Parameters whose values say nothing that must be kept. Every other value is hidden, known or not. */
const harmless = new Set([
  "client_id",
  "code_challenge_method",
  "decision",
  "grant_type",
  "page",
  "pagelen",
  "redirect_uri",
  "response_type",
  "role",
  "scope",
  "sort",
  "username",
]);

/** The parameters as a log may show them: a secret becomes its length. */
export function redactParameters(parameters: URLSearchParams): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Array.from(parameters, ([name, value]) => [
      name,
      harmless.has(name) ? value : `[${value.length} characters]`,
    ]),
  );
}

/** The address as a log may show it. */
export function redactUrl(url: URL): string {
  const query = Object.entries(redactParameters(url.searchParams)).map(([name, value]) => `${name}=${value}`);
  return url.origin + url.pathname + (query.length > 0 ? `?${query.join("&")}` : "");
}
