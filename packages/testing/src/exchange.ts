import { apiErrorAnswer } from "./api-errors.js";
import { prepareApiRequest } from "./api-endpoints.js";
import { toResponse, type Answer } from "./answer.js";
import { prepareAuthorizeRequest } from "./authorize-endpoint.js";
import { identifyCaller } from "./caller-identity.js";
import { answerInstead, spoil } from "./fault-answers.js";
import type { Fault, FaultPlan, NetworkFailure } from "./faults.js";
import type { GateKeeper } from "./gates.js";
import { readIncomingRequest, type IncomingRequest } from "./incoming-request.js";
import type { MockContext } from "./mock-context.js";
import { operationOf, type Hosts, type Op } from "./operation.js";
import { realDelay } from "./real-timers.js";
import { redactParameters, redactUrl } from "./redaction.js";
import type { RequestEntry, RequestRecorder } from "./request-log.js";
import { prepareRevokeRequest } from "./revoke-endpoint.js";
import type { Commit } from "./ruling.js";
import { prepareTokenRequest } from "./token-endpoint.js";

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
  return fault === null ? ruling.answer : spoil(fault, ruling.answer);
}

async function prepare(parts: ExchangeParts, incoming: IncomingRequest, op: Op): Promise<Commit> {
  const { context } = parts;
  if (op === "authorize") return prepareAuthorizeRequest(context, incoming, parts.autoApprove());
  if (op === "api") return prepareApiRequest(context, incoming, parts.strict);
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
