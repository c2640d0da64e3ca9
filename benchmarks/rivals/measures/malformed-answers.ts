/** A token answer as the server sends it. */
export interface SentAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const json = { "content-type": "application/json" };
const good = {
  access_token: "a".repeat(200),
  token_type: "bearer",
  expires_in: 7200,
  refresh_token: "r".repeat(200),
  scope: "account",
  refresh_token_expires_in: 7_776_000, // for GitHub's client
};

function without(field: keyof typeof good): SentAnswer {
  return {
    headers: json,
    body: JSON.stringify(Object.fromEntries(Object.entries(good).filter(([name]) => name !== field))),
  };
}

function having(fields: Readonly<Record<string, unknown>>): SentAnswer {
  return { headers: json, body: JSON.stringify({ ...good, ...fields }) };
}

function redirect(status: number, to: string): SentAnswer {
  return { status, headers: { location: to }, body: "" };
}

/** An answer that every client has to take. */
export const goodAnswer: SentAnswer = having({});

/** 26 answers with something wrong in them, by a short name. `elsewhere` is another host, which answers in good order. */
export function malformedAnswers(elsewhere: string): Readonly<Record<string, SentAnswer>> {
  return {
    "HTML with 200": { headers: { "content-type": "text/html" }, body: "<!doctype html><h1>Bitbucket</h1>" },
    "JSON as text/plain": { headers: { "content-type": "text/plain" }, body: JSON.stringify(good) },
    "truncated JSON": { headers: json, body: JSON.stringify(good).slice(0, -20) },
    null: { headers: json, body: "null" },
    "[]": { headers: json, body: "[]" },
    '"x"': { headers: json, body: '"x"' },
    "empty body": { headers: json, body: "" },
    "no access_token": without("access_token"),
    "access_token empty": having({ access_token: "" }),
    "access_token a number": having({ access_token: 7200 }),
    "access_token with CR LF": having({ access_token: "a\r\nx-injected: 1" }),
    "no token_type": without("token_type"),
    "token_type mac": having({ token_type: "mac" }),
    "expires_in -5": having({ expires_in: -5 }),
    'expires_in "abc"': having({ expires_in: "abc" }),
    "expires_in null": having({ expires_in: null }),
    "expires_in 1e99": { headers: json, body: JSON.stringify(good).replace("7200", "1e99") },
    "refresh_token empty": having({ refresh_token: "" }),
    "refresh_token a number": having({ refresh_token: 7 }),
    "scope a number": having({ scope: 1 }),
    "error with 200": { headers: json, body: JSON.stringify({ error: "invalid_grant" }) },
    "status 201": { ...goodAnswer, status: 201 },
    "status 204": { status: 204, headers: {}, body: "" },
    "302 elsewhere": redirect(302, elsewhere),
    "307 elsewhere": redirect(307, elsewhere),
    "308 elsewhere": redirect(308, elsewhere),
  };
}
