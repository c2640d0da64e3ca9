import type { NumberedSecrets } from "./numbered-secrets.js";
import type { Sending } from "./scenario.js";
import type { ScenarioStage } from "./scenario-stage.js";

/** The request a story's sending stands for, with a signal to abandon it by. */
export function requestOf(
  sending: Sending,
  stage: ScenarioStage,
  secrets: NumberedSecrets,
  signal: AbortSignal,
): Request {
  const init = { signal, redirect: "manual" } as const;
  if ("get" in sending) return apiRequest(sending, stage, secrets, init);
  if ("authorize" in sending) return authorizeRequest(sending, stage, init);
  const headers = credentials(stage, "secret" in sending ? sending.secret : undefined);
  if ("json" in sending) {
    const body = JSON.stringify(sending.json);
    return new Request(stage.urls.token, {
      ...init,
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body,
    });
  }
  const body = new URLSearchParams(formOf(sending, secrets));
  return new Request(stage.urls.token, { ...init, method: "POST", headers, body });
}

type FormSending = Exclude<Sending, { get: string } | { json: unknown } | { authorize: unknown }>;

function formOf(sending: FormSending, secrets: NumberedSecrets): Record<string, string> {
  if ("form" in sending) return { ...sending.form };
  if ("refresh" in sending) {
    const { refresh } = sending;
    const token =
      refresh === "unknown" ? "never-issued-refresh-token" : secrets.valueOf("refresh token", refresh);
    return { grant_type: "refresh_token", refresh_token: token };
  }
  const { exchange, fields } = sending;
  const code = exchange === "unknown" ? "never-issued-code" : secrets.valueOf("code", exchange);
  return { grant_type: "authorization_code", code, ...fields };
}

function apiRequest(
  { get, token, by = "bearer" }: Extract<Sending, { get: string }>,
  stage: ScenarioStage,
  secrets: NumberedSecrets,
  init: RequestInit,
): Request {
  const url = new URL(get, stage.urls.api);
  if (by === "basic") return new Request(url, { ...init, headers: credentials(stage) });
  if (token === undefined) return new Request(url, init);
  const accessToken = secrets.valueOf("access token", token);
  if (by === "bearer")
    return new Request(url, { ...init, headers: { authorization: `Bearer ${accessToken}` } });
  url.searchParams.set("access_token", accessToken);
  return new Request(url, init);
}

function authorizeRequest(
  { authorize, decide }: Extract<Sending, { authorize: unknown }>,
  stage: ScenarioStage,
  init: RequestInit,
): Request {
  const url = new URL(stage.urls.authorize);
  const parameters = { client_id: stage.consumer.clientId, response_type: "code", ...authorize };
  url.search = new URLSearchParams(parameters).toString();
  if (decide === undefined) return new Request(url, init);
  return new Request(url, { ...init, method: "POST", body: new URLSearchParams({ decision: decide }) });
}

function credentials({ consumer }: ScenarioStage, secret?: "wrong" | "none"): Record<string, string> {
  if (secret === "none") return {};
  const { clientId, clientSecret } = consumer;
  return { authorization: `Basic ${btoa(`${clientId}:${secret === "wrong" ? "wrong" : clientSecret}`)}` };
}
