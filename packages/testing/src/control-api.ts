import { toResponse } from "./answer.js";
import type { BitbucketMock } from "./bitbucket-mock.js";
import { createControlCommands } from "./control-commands.js";
import { inspectorPage } from "./inspector-page.js";
import { readFields } from "./json-fields.js";

/** Everything below this path is the fake's own; Bitbucket has nothing there. */
export const controlPath = "/_mock";

/**
 * The inspector at `GET /_mock`, and the control API: `POST /_mock/<command>` with a JSON object, answered with `{ "result": … }` or `{ "error": "…" }`.
 *
 * Only `application/json` is taken, so that no page in a browser can drive a fake by posting a form at it.
 */
export function createControlApi(mock: BitbucketMock): (request: Request) => Promise<Response> {
  const commands = createControlCommands(mock);
  return async (request) => {
    const url = new URL(request.url);
    if (url.pathname === controlPath && request.method === "GET")
      return toResponse(inspectorPage(mock, url.searchParams.has("live")), mock.clock.now());
    const name = url.pathname.slice(controlPath.length + 1);
    const command = commands.get(name);
    if (command === undefined)
      return Response.json({ error: `There is no command ${name}` }, { status: 404 });
    if (request.method !== "POST" || !/^application\/json\b/.test(request.headers.get("content-type") ?? ""))
      return Response.json({ error: "Send POST with a JSON object" }, { status: 415 });
    try {
      const given: unknown = await request.json();
      const result: unknown = await command(readFields(given, "the request"));
      return Response.json({ result: result ?? null });
    } catch (error) {
      return Response.json({ error: error instanceof Error ? error.message : "failed" }, { status: 400 });
    }
  };
}
