import type { ExpectedAnswer } from "./scenario.js";

const toldHeaders = ["location", "retry-after", "www-authenticate", "x-credential-type"];

interface Telling {
  readonly origin: string;
  /** What stands for the origin. */
  readonly as: string;
  readonly tell: readonly string[] | undefined;
}

/** Reads an answer in the terms of a scenario: secrets by number, pages by heading, addresses of the API as `{api}`. */
export async function observeAnswer(
  answer: Response,
  secrets: NumberedSecrets,
  telling: Telling,
): Promise<ExpectedAnswer> {
  const bytes = await answer.arrayBuffer();
  const contentType = answer.headers.get("content-type") ?? "";
  const body = /^(image|application)\/(?!json)/.test(contentType)
    ? `${bytes.byteLength} bytes`
    : readBody(new TextDecoder().decode(bytes), contentType, secrets, telling);
  if (body === unreadable) return "failed";
  const headers = toldHeaders.flatMap((name) => {
    const value = answer.headers.get(name);
    return value === null
      ? []
      : [
          [
            name,
            name === "location" ? readLocation(value.replace(telling.origin, telling.as), secrets) : value,
          ],
        ];
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

function readBody(
  text: string,
  contentType: string,
  secrets: NumberedSecrets,
  { origin, as, tell }: Telling,
): unknown {
  if (contentType.startsWith("text/html"))
    return `page: ${unescapeHtml(/<h1>(.*?)<\/h1>/.exec(text)?.[1] ?? "")}`;
  if (text === "" || !text.startsWith("{")) return text.split("\n")[0];
  try {
    const parsed: unknown = JSON.parse(text.replaceAll(origin, as));
    if (typeof parsed !== "object" || parsed === null) return parsed;
    return tell === undefined ? withoutSecrets(parsed, secrets) : membersOf(parsed, tell);
  } catch {
    return unreadable;
  }
}

function membersOf(body: object, names: readonly string[]): Readonly<Record<string, unknown>> {
  const told = Object.entries(body).filter(([name]) => names.includes(name));
  return Object.fromEntries(
    told.map(([name, value]: [string, unknown]) => [name, Array.isArray(value) ? value.length : value]),
  );
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
  const code = new URLSearchParams(location.split("?")[1]).get("code");
  const told = code === null ? location : location.replace(code, `code ${secrets.numberOf("code", code)}`);
  // Hashes differ from service to service.
  return told.replaceAll("+", " ").replace(/\/[0-9a-f]{8,40}$/, "/{hash}");
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

/** Gives tokens and codes numbers in the order in which they turn up, so that two runs can be compared. */
export interface NumberedSecrets {
  /** The number of a value of this kind; a new one when it was not seen before. */
  numberOf(kind: SecretKind, value: string): number;
  /** The value with that number. Throws when none has it. */
  valueOf(kind: SecretKind, number: number): string;
}

type SecretKind = "access token" | "refresh token" | "code" | "credential";

/** None seen yet. */
export function createNumberedSecrets(): NumberedSecrets {
  const seen: Readonly<Record<SecretKind, string[]>> = {
    "access token": [],
    "refresh token": [],
    code: [],
    credential: [],
  };
  return {
    numberOf(kind, value) {
      const index = seen[kind].indexOf(value);
      return index === -1 ? seen[kind].push(value) : index + 1;
    },
    valueOf(kind, number) {
      const value = seen[kind][number - 1];
      if (value === undefined) throw new Error(`The scenario has no ${kind} ${number} yet`);
      return value;
    },
  };
}
