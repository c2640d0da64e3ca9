/** Whose token endpoint a client believes to talk to. */
export type Dialect = "bitbucket" | "github" | "slack";

/** An answer, ready to be written out. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A token request as Bitbucket reads it. GitHub's clients send JSON. */
export function toBitbucket(body: string): URLSearchParams {
  if (!body.startsWith("{")) return new URLSearchParams(body);
  const fields = JSON.parse(body) as Readonly<Record<string, string>>;
  return new URLSearchParams(fields);
}

/** The members of a JSON object; `undefined` for anything else. */
function fieldsOf(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return body.startsWith("{") ? (JSON.parse(body) as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Bitbucket's answer as the client of another service knows it: GitHub says when the refresh token dies, Slack says `ok` and
 * refuses with 200. An answer that is no JSON object stays as it is.
 */
export async function fromBitbucket(dialect: Dialect, answer: Response): Promise<PlainAnswer> {
  const body = await answer.text();
  const plain = { status: answer.status, headers: Object.fromEntries(answer.headers), body };
  const fields = dialect === "bitbucket" ? undefined : fieldsOf(body);
  if (!fields) return plain;
  if (dialect === "github") {
    return { ...plain, body: JSON.stringify({ ...fields, refresh_token_expires_in: 7_776_000 }) };
  }
  return {
    status: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...fields, ok: answer.ok, token_type: "bot" }),
  };
}
