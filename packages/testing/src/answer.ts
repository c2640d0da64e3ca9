/** An HTTP answer before it is sent, so that a fault can still bend it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The connection breaks in the middle of the body. */
  readonly cutShort?: boolean;
}

/** A JSON answer. */
export function jsonAnswer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

/** A page. `body` is trusted HTML. */
export function htmlAnswer(status: number, body: string): Answer {
  return { status, headers: { "content-type": "text/html; charset=utf-8" }, body };
}

export function textAnswer(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, body };
}

/** A redirect that keeps no body. */
export function redirectAnswer(status: number, location: string): Answer {
  return { status, headers: { location }, body: "" };
}

/** Statuses that may not have a body: `new Response()` refuses one. */
const bodiless = new Set([204, 205, 304]);

/** The answer as a standard `Response`, dated by the fake's clock. */
export function toResponse(answer: Answer, now: number): Response {
  const headers = new Headers({ date: new Date(now).toUTCString(), ...answer.headers });
  if (bodiless.has(answer.status)) return new Response(null, { status: answer.status, headers });
  return new Response(answer.cutShort ? brokenStream(answer.body) : answer.body, {
    status: answer.status,
    headers,
  });
}

/** Half of the text, and then the end of the connection. */
function brokenStream(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let sent = false;
  return new ReadableStream({
    pull(controller) {
      if (sent) controller.error(new TypeError("terminated"));
      else controller.enqueue(bytes.subarray(0, bytes.length / 2));
      sent = true;
    },
  });
}
