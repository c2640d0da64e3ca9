import type { NumberedSecrets } from "./numbered-secrets.js";
import type { ExpectedAnswer } from "./scenario.js";

const toldHeaders = ["location", "retry-after", "www-authenticate"];

/** Reads an answer as a story tells it: secrets by number, pages by heading, addresses of the API as `{api}`. */
export async function observeAnswer(
  answer: Response,
  secrets: NumberedSecrets,
  apiOrigin: string,
): Promise<ExpectedAnswer> {
  const text = await answer.text();
  const body = readBody(text, answer.headers.get("content-type") ?? "", secrets, apiOrigin);
  if (body === unreadable) return "failed";
  const headers = toldHeaders.flatMap((name) => {
    const value = answer.headers.get(name);
    return value === null ? [] : [[name, name === "location" ? readLocation(value, secrets) : value]];
  });
  const { status } = answer;
  const isRedirect = status >= 300 && status < 400;
  return {
    status,
    ...(!isRedirect && { body }),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
  };
}

const unreadable = Symbol("a body that calls itself JSON and is none");

function readBody(text: string, contentType: string, secrets: NumberedSecrets, apiOrigin: string): unknown {
  if (contentType.startsWith("text/html"))
    return `page: ${unescapeHtml(/<h1>(.*?)<\/h1>/.exec(text)?.[1] ?? "")}`;
  if (text === "" || !text.startsWith("{")) return text.split("\n")[0];
  try {
    const parsed: unknown = JSON.parse(text.replaceAll(apiOrigin, "{api}"));
    return typeof parsed === "object" && parsed !== null ? withoutSecrets(parsed, secrets) : parsed;
  } catch {
    return unreadable;
  }
}

/** Tokens by number, and scopes by a word: every consumer has its own. */
function withoutSecrets(body: object, secrets: NumberedSecrets): Readonly<Record<string, unknown>> {
  const told = Object.entries(body).map(([name, value]: [string, unknown]) => {
    if (typeof value !== "string") return [name, value];
    if (name === "access_token") return [name, `access token ${secrets.numberOf("access token", value)}`];
    if (name === "refresh_token") return [name, `refresh token ${secrets.numberOf("refresh token", value)}`];
    return [name, name === "scope" || name === "scopes" ? "{scopes}" : value];
  });
  return Object.fromEntries(told);
}

function readLocation(location: string, secrets: NumberedSecrets): string {
  const url = new URL(location);
  const code = url.searchParams.get("code");
  const told = code === null ? location : location.replace(code, `code ${secrets.numberOf("code", code)}`);
  return told.replaceAll("+", " ");
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
