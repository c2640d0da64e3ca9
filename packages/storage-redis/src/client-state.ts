import { errorMonitor } from "node:events";

/** What a client knows of its connection, in words for an error message. Empty when it knows of nothing wrong. */
export type ClientState = () => string;

/** The error codes of Node's sockets. Nothing else of an error is kept: its message may hold a URL with a password. */
const socketCode = /^E[A-Z_]{3,30}$/;

const states = new WeakMap<object, ClientState>();

/**
 * Follows the connection of a client by the events it emits. The caller's handling of errors stays as it is: `errorMonitor` sees an
 * `error` event without counting as a listener of it.
 */
export function clientState(client: object): ClientState {
  const state = states.get(client) ?? followed(client);
  states.set(client, state);
  return state;
}

function followed(client: object): ClientState {
  let lastCode: string | undefined;
  const on: unknown = Reflect.get(client, "on");
  if (typeof on === "function") {
    on.call(client, errorMonitor, (error: unknown) => (lastCode = codeOf(error) ?? lastCode));
    on.call(client, "ready", () => (lastCode = undefined));
  }
  return () => {
    const phase = phaseOf(client);
    if (phase === undefined) return "";
    return `The client is ${phase}${lastCode === undefined ? "" : `; its last error was ${lastCode}`}.`;
  };
}

/** `undefined`: connected, or nothing is known. ioredis has a `status`, node-redis `isOpen` and `isReady`. */
function phaseOf(client: object): string | undefined {
  const status: unknown = Reflect.get(client, "status");
  if (typeof status === "string" && /^[a-z]{1,20}$/.test(status))
    return status === "ready" ? undefined : status;
  if (Reflect.get(client, "isReady") !== false) return undefined;
  return Reflect.get(client, "isOpen") === true ? "reconnecting" : "closed";
}

/** The code of an error, or of the first error in it: a client that tried several addresses rejects with all of them. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const code: unknown = Reflect.get(error, "code");
  if (typeof code === "string" && socketCode.test(code)) return code;
  const inner: unknown = Reflect.get(error, "errors");
  return Array.isArray(inner) ? codeOf(inner[0]) : undefined;
}
