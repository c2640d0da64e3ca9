import type { NumberedSecrets } from "./observed-answer.js";
import { backstage, type ScenarioStage, type Sending } from "./scenario.js";

/** The request a scenario's sending stands for, with a signal to abandon it by. */
export function requestOf(
  sending: Sending,
  stage: ScenarioStage,
  secrets: NumberedSecrets,
  signal: AbortSignal,
): Request {
  const init = { signal, redirect: "manual" } as const;
  if ("credential" in sending && "get" in sending) return credentialRequest(sending, stage, secrets, init);
  if ("get" in sending) return apiRequest(sending, stage, secrets, init);
  if ("call" in sending) return callRequest(sending, stage, secrets, init);
  if ("site" in sending) return siteRequest(sending, stage, secrets, init);
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

type FormSending = Extract<Sending, { form: unknown } | { refresh: unknown } | { exchange: unknown }>;

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
  {
    get,
    token,
    by = "bearer",
    headers = {},
  }: Exclude<Extract<Sending, { get: string }>, { credential: number }>,
  stage: ScenarioStage,
  secrets: NumberedSecrets,
  init: RequestInit,
): Request {
  const url = new URL(get, stage.urls.api);
  if (by === "basic") return new Request(url, { ...init, headers: credentials(stage) });
  if (token === undefined) return new Request(url, init);
  const accessToken = secrets.valueOf("access token", token);
  if (by === "bearer")
    return new Request(url, { ...init, headers: { ...headers, authorization: `Bearer ${accessToken}` } });
  url.searchParams.set("access_token", accessToken);
  return new Request(url, init);
}

function callRequest(
  { call, token, json, headers = {} }: Extract<Sending, { call: string }>,
  stage: ScenarioStage,
  secrets: NumberedSecrets,
  init: RequestInit,
): Request {
  const [method = "GET", path = "/"] = call.split(" ");
  const authorization = `Bearer ${secrets.valueOf("access token", token)}`;
  return new Request(new URL(path, stage.urls.api), {
    ...init,
    method,
    headers: { "content-type": "application/json", ...headers, authorization },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  });
}

/** A static credential as documented, or in one of the ways that are tried first. */
function credentialRequest(
  sending: Extract<Sending, { get: string; credential: number }>,
  stage: ScenarioStage,
  secrets: NumberedSecrets,
  init: RequestInit,
): Request {
  const token = secrets.valueOf("credential", sending.credential);
  const { authorization, gitUsername, username } = backstage(stage).mock.credentials.of(token);
  const uses: Readonly<Record<string, string>> = {
    documented: authorization,
    bearer: `Bearer ${token}`,
    "basic-with-username": `Basic ${btoa(`${username ?? ""}:${token}`)}`,
    "basic-with-git-username": `Basic ${btoa(`${gitUsername}:${token}`)}`,
  };
  const headers = { authorization: uses[sending.as ?? "documented"] ?? "" };
  return new Request(new URL(sending.get, stage.urls.api), { ...init, headers });
}

function siteRequest(
  { site, token, credential, username = "git" }: Extract<Sending, { site: string }>,
  stage: ScenarioStage,
  secrets: NumberedSecrets,
  init: RequestInit,
): Request {
  const url = new URL(site, new URL(stage.urls.token).origin);
  if (token !== undefined) {
    const basic = btoa(`x-token-auth:${secrets.valueOf("access token", token)}`);
    return new Request(url, { ...init, headers: { authorization: `Basic ${basic}` } });
  }
  if (credential === undefined) return new Request(url, init);
  const secret = secrets.valueOf("credential", credential);
  const found = backstage(stage).mock.credentials.of(secret);
  const names = { git: found.gitUsername, email: found.apiUsername ?? "", user: found.username ?? "" };
  const authorization = `Basic ${btoa(`${names[username]}:${secret}`)}`;
  return new Request(url, { ...init, headers: { authorization } });
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
