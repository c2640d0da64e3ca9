/** For authors of adapters: the sign-in flow on requests and answers that belong to no framework. */
export { clearCookie, cookieName, readCookie, setCookie } from "./cookies.js";
export { fromHeaders, fromRequest, toResponse, type WebAnswer, type WebRequest } from "./exchange.js";
export { createSignInFlow, type FlowParts, type SignInFlow } from "./flow.js";
export { type FlowOptions, type GuardOptions, guardOptions } from "./options.js";
export { originOf } from "./same-origin.js";
export type { Session, SessionKeeper } from "./session.js";
export type { Paths, Visit } from "./visit.js";
