import { toResponse, type Answer, type Commit, apiErrorAnswer } from "./answers.js";
import { prepareApiRequest } from "./api/endpoint.js";
import type { ApiRoute } from "./api/call.js";
import { realDelay } from "./clock.js";
import { answerInstead, spoil, type Fault, type FaultPlan, type NetworkFailure } from "./faults.js";
import type { GateKeeper } from "./gates.js";
import { prepareAuthorizeRequest } from "./oauth/authorize.js";
import { prepareRevokeRequest, prepareTokenRequest } from "./oauth/token.js";
import { readIncomingRequest, type IncomingRequest, operationOf, type Hosts, type Op } from "./operation.js";
import type { RequestEntry, RequestRecorder } from "./request-log.js";
import { basicCredentials, redactParameters, redactUrl } from "./secrets.js";
import { prepareArchiveRequest, prepareGitRequest, type GitBackend } from "./site.js";
import type { MockContext, MockState } from "./state.js";

/** How a request ended: with an answer, or with the connection. */
export type Exchange =
  | { readonly kind: "answered"; readonly op: Op; readonly response: Response }
  | { readonly kind: "failed"; readonly failure: NetworkFailure };

/** The parts an exchange passes through. */
export interface ExchangeParts {
  readonly context: MockContext;
  readonly hosts: Hosts;
  readonly faults: FaultPlan;
  readonly gates: GateKeeper;
  readonly recorder: RequestRecorder;
  readonly strict: boolean;
  /** Endpoints a test has added. */
  readonly routes: readonly ApiRoute[];
  readonly git: () => GitBackend | null;
  readonly autoApprove: () => string | boolean;
}

/**
 * The whole way of one request: log, fault, gate, commit, gate, answer.
 *
 * The commit is one synchronous step. A client that goes away does not undo it, as with a real server.
 */
export async function carryOut(parts: ExchangeParts, request: Request): Promise<Exchange> {
  const { context, recorder } = parts;
  const incoming = await readIncomingRequest(request);
  const op = operationOf(incoming, parts.hosts);
  const entry = recorder.open({ at: context.clock.now(), ...describeRequest(context, incoming, op) });
  const fault = parts.faults.take(entry);
  if (fault !== null) entry.fault = Object.keys(fault)[0] ?? "";
  const outcome = await answerOrFail(parts, incoming, entry, fault, request.signal);
  if (typeof outcome !== "string") entry.status = outcome.status;
  recorder.close(entry);
  context.emit({ type: "request", at: context.clock.now(), request: entry.number });
  return typeof outcome === "string"
    ? { kind: "failed", failure: outcome }
    : { kind: "answered", op, response: toResponse(outcome, context.clock.now()) };
}

type Outcome = Answer | NetworkFailure;

async function answerOrFail(
  parts: ExchangeParts,
  incoming: IncomingRequest,
  entry: ReturnType<RequestRecorder["open"]>,
  fault: Fault | null,
  signal: AbortSignal,
): Promise<Outcome> {
  const { faults, gates } = parts;
  if (fault !== null) {
    if ("network" in fault) return fault.network;
    if ("hang" in fault) {
      await faults.hang(signal);
      return "reset";
    }
    if ("delay" in fault) await realDelay(fault.delay, signal);
    const instead = answerInstead(fault, entry.op);
    if (instead !== null) return instead;
  }
  const commit = await prepare(parts, incoming, entry.op);
  await gates.pass(entry, "before-commit");
  const ruling = commit();
  Object.assign(entry, ruling.facts);
  if (ruling.violation !== undefined && parts.strict) entry.violation = ruling.violation;
  await gates.pass(entry, "after-commit");
  if (fault !== null && "commitThen" in fault && fault.commitThen !== 500) {
    if (fault.commitThen === "hang") await faults.hang(signal);
    return "reset";
  }
  const answer = ruling.later ? await ruling.later() : ruling.answer;
  return fault === null ? answer : spoil(fault, answer);
}

async function prepare(parts: ExchangeParts, incoming: IncomingRequest, op: Op): Promise<Commit> {
  const { context } = parts;
  if (op === "authorize") return prepareAuthorizeRequest(context, incoming, parts.autoApprove());
  if (op === "api") return prepareApiRequest(context, incoming, parts);
  if (op === "archive") return prepareArchiveRequest(context, incoming);
  if (op === "git") return prepareGitRequest(context, incoming, parts.git());
  if (op === "revoke" && context.profile.revokeEndpoint) return prepareRevokeRequest(context, incoming);
  if (op === "token" || op.startsWith("token:")) return prepareTokenRequest(context, incoming);
  const unknown = `the fake has no ${incoming.method} ${incoming.url.origin}${incoming.url.pathname}`;
  return () => ({ answer: apiErrorAnswer(501, unknown), violation: unknown });
}

function describeRequest(
  { state }: MockContext,
  incoming: IncomingRequest,
  op: Op,
): Omit<RequestEntry, "number" | "at"> {
  const grantType = op.startsWith("token:") ? op.slice("token:".length) : undefined;
  const [scheme] = incoming.headers.get("authorization")?.split(" ") ?? [];
  return {
    op,
    method: incoming.method,
    path: incoming.url.pathname,
    url: redactUrl(incoming.url),
    form: redactParameters(incoming.form),
    ...(grantType !== undefined && { grantType }),
    ...(scheme !== undefined && { scheme }),
    ...identifyCaller(state, incoming),
  };
}

/** Whose request it claims to be: enough to pick it out for a fault or in the log, before it is judged. */
export interface CallerIdentity {
  readonly clientId?: string;
  readonly grantId?: string;
  readonly generation?: number;
}

/** Looks up what the request carries: a token, a code, or a consumer's name. */
function identifyCaller(state: MockState, request: IncomingRequest): CallerIdentity {
  const { form, url, headers } = request;
  const [scheme = "", credentials = ""] = (headers.get("authorization") ?? "").split(" ");
  const token =
    state.refreshTokens.get(form.get("refresh_token") ?? "") ??
    state.accessTokens.get(credentials) ??
    state.accessTokens.get(basicCredentials(credentials)?.password ?? "") ??
    state.accessTokens.get(url.searchParams.get("access_token") ?? "");
  if (token !== undefined) {
    const { grantId, generation } = token;
    const grant = state.grants.get(grantId);
    return { grantId, generation, ...(grant && { clientId: grant.clientId }) };
  }
  const named = form.get("client_id") ?? url.searchParams.get("client_id");
  const claimed =
    named ?? (scheme.toLowerCase() === "basic" ? basicCredentials(credentials)?.username : undefined);
  return state.consumers.some(({ clientId }) => clientId === claimed) && claimed !== undefined
    ? { clientId: claimed }
    : {};
}
