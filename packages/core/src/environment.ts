import { InvalidOptionsError } from "./errors.js";

/** Where "now" comes from: anything with `now()`. `Date` is one; tests pass one they can move. */
export interface Clock {
  /** The current time in epoch milliseconds. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };

/** The platform's own `fetch`, looked up when it is used: tests put another in its place. */
export const platformFetch: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init);

/** Where log lines go; `console` fits. Lines carry account keys, codes and numbers, never a token or secret. */
export interface Logger {
  debug?(message: string, fields?: object): void;
  info?(message: string, fields?: object): void;
  warn?(message: string, fields?: object): void;
  error?(message: string, fields?: object): void;
}

/** The given logger, or the console for `logging: true`, or nothing for `logging: false`. By default only errors are shown. */
export function chooseLogger(logger: Logger | undefined, logging: boolean | undefined): Logger {
  if (logging === false) return {};
  if (logger) return logger;
  // Note: shown by default, because the one event of level `error` says that new tokens are not saved: a restart would lose them.
  return logging ? console : { error: (message, fields) => console.error(message, fields) };
}

/** An environment variable where the runtime has them (Node, Bun, Deno); `undefined` elsewhere and for empty ones. */
export function environmentVariable(name: string): string | undefined {
  const value = property(property(property(globalThis, "process"), "env"), name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/**
 * Throws `InvalidOptionsError` where there is no Web Crypto: on pages over plain `http:`, and in jsdom.
 * @see https://www.w3.org/TR/webcrypto-2/#crypto-interface
 */
export function assertWebCrypto(): void {
  if (typeof property(property(globalThis, "crypto"), "subtle") === "object") return;
  throw new InvalidOptionsError(
    "This runtime has no Web Crypto (`crypto.subtle`). A page needs https: or localhost. In jsdom put `webcrypto` of node:crypto in place of globalThis.crypto.",
  );
}

/** Where Bitbucket is. Override for a fake or another server; every URL must be `https:`, or `http:` to a loopback host. */
export interface Endpoints {
  /** Where users are sent to consent. */
  readonly authorizationUrl: string;
  /** Where codes and refresh tokens are exchanged. */
  readonly tokenUrl: string;
  /** The API's origin, without a path. */
  readonly apiUrl: string;
}

/**
 * Bitbucket Cloud.
 * @see https://developer.atlassian.com/cloud/bitbucket/oauth-2/
 */
export const bitbucketCloud: Endpoints = {
  authorizationUrl: "https://bitbucket.org/site/oauth2/authorize",
  tokenUrl: "https://bitbucket.org/site/oauth2/access_token",
  apiUrl: "https://api.bitbucket.org",
};

/** Throws `InvalidOptionsError` unless this is an object. Callers without types forget it, or pass `null`. */
export function assertObject(given: unknown, what: string): asserts given is object {
  if (typeof given === "object" && given !== null) return;
  throw new InvalidOptionsError(`${what} must be an object.`);
}

/**
 * Throws `InvalidOptionsError` unless this is an object whose every property is one of `names`: a misspelt option must not be
 * ignored silently. `what` is the function, or the option that holds them. Nothing but the names is shown.
 */
export function assertOptions(given: unknown, what: string, names: readonly string[]): void {
  const called = what.endsWith("()") ? `The argument of ${what}` : what;
  assertObject(given, called);
  // Note: an object of a class without properties, a Promise or an AbortSignal, say, is not what options look like.
  if (Object.keys(given).length === 0 && !isPlain(given))
    throw new InvalidOptionsError(`${called} must be an object with options, not ${nameOfKind(given)}.`);
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const shown = /^[\w.-]{1,40}$/.test(name) ? `"${name}"` : "of that name";
    throw new InvalidOptionsError(`${what} has no option ${shown}. It takes: ${names.join(", ")}.`);
  }
}

/** Whether it is a plain object, such as a literal, of this or another realm. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || (!Array.isArray(value) && Object.getPrototypeOf(prototype) === null);
}

/** What an object is, for messages: `a Promise (an \`await\` is missing)`. By its tag, never by what is in it. */
function nameOfKind(value: object): string {
  const tag = Object.prototype.toString.call(value).slice("[object ".length, -1);
  if ("then" in value) return "a Promise: an `await` is missing";
  return /^[A-Z]\w{1,30}$/.test(tag) && tag !== "Object" ? `one of type ${tag}` : "one of a class";
}

/** Throws `InvalidOptionsError` unless this has these methods: an object or, like `Date`, a function that has them. */
export function assertMethods(given: unknown, what: string, names: readonly string[]): void {
  if (typeof given !== "function") assertObject(given, what);
  for (const name of names) assertFunction(Reflect.get(Object(given), name), `${what}.${name}`);
}

/**
 * Throws `InvalidOptionsError` unless this tells the time in epoch milliseconds, by asking it once. A clock that answers seconds
 * makes every token look fresh forever.
 */
export function assertClock(given: unknown): void {
  assertMethods(given, "clock", ["now"]);
  const now: unknown = Reflect.apply(Reflect.get(Object(given), "now"), given, []);
  const isInSeconds = typeof now === "number" && now >= 1e9 && now < 1e11;
  if (typeof now === "number" && Number.isFinite(now) && !isInSeconds) return;
  throw new InvalidOptionsError(
    "clock.now() must answer epoch milliseconds as a number, as Date.now() does: no Date, and no seconds.",
  );
}

/** Throws `InvalidOptionsError` unless this is a function. */
export function assertFunction(given: unknown, what: string): void {
  if (typeof given !== "function") throw new InvalidOptionsError(`${what} must be a function.`);
}

/** Throws `InvalidOptionsError` unless this is nothing or an `AbortSignal`, by its shape: every realm has its own. */
export function assertSignal(given: unknown): void {
  if (given === undefined || given === null) return;
  const isSignal =
    typeof property(given, "aborted") === "boolean" &&
    typeof property(given, "addEventListener") === "function";
  if (!isSignal)
    throw new InvalidOptionsError(
      "signal must be an AbortSignal; of an AbortController it is `controller.signal`.",
    );
}

/** Throws `InvalidOptionsError` unless this is a text with something in it. `hint` says what it is. */
export function assertText(given: unknown, what: string, hint = ""): asserts given is string {
  if (given === undefined || given === null || given === "") {
    throw new InvalidOptionsError(`${what} is missing${hint}.`);
  }
  if (typeof given !== "string") throw new InvalidOptionsError(`${what} must be a string${hint}.`);
}

/** The arguments that the overloads of a method allow: an account and options, options alone, or nothing. */
export type CallerArguments<Options> = readonly [
  accountOrOptions?: string | Options | null | undefined,
  options?: Options | undefined,
];

/**
 * The account and options of a call; no account is the consumer. One that was passed must be a text: a session that lost its
 * account would otherwise act as the consumer. Throws `InvalidOptionsError`.
 */
export function readCaller<Options extends object>(
  args: CallerArguments<Options>,
  method: string,
): readonly [account: string | undefined, options: Options | undefined] {
  const [first, options] = args;
  if (args.length === 0) return [undefined, undefined];
  if (args.length === 1 && typeof first === "object" && first !== null) {
    // Note: an empty list, or a Promise that was not awaited, is an account that was lost, and no wish to act as the consumer.
    if (Object.keys(first).length > 0 || isPlain(first)) return [undefined, first];
    throw lostAccount(nameOfKind(first), method);
  }
  assertAccount(first, method);
  if (options !== undefined) assertObject(options, `The options of ${method}`);
  return [first, options];
}

/** Throws `InvalidOptionsError` unless this is an account key. Callers without types pass what a session has lost. */
export function assertAccount(given: unknown, method: string): asserts given is string {
  if (typeof given === "string" && given.trim() !== "") return;
  throw lostAccount(whatIsThere(given), method);
}

function whatIsThere(given: unknown): string {
  if (given === "") return "an empty string";
  if (typeof given === "string") return "white space";
  return typeof given === "object" && given !== null
    ? nameOfKind(given)
    : given === null
      ? "null"
      : typeof given;
}

function lostAccount(what: string, method: string): InvalidOptionsError {
  return new InvalidOptionsError(
    `The account passed to ${method} is ${what}. Pass the key the account signed in under; to act as the consumer itself, pass no ` +
      "account at all. Nothing was sent.",
  );
}

/**
 * Throws `InvalidOptionsError` unless this is a text as it was issued. A secret read from a file often ends in a line end, and
 * Bitbucket answers that as it answers a revoked grant.
 */
export function assertCredential(given: unknown, what: string, hint = ""): asserts given is string {
  assertText(given, what, hint);
  if (/^(?:undefined|null|\[object \w+\])$/.test(given))
    throw new InvalidOptionsError(
      `${what} is the text "${given}": a missing value was converted to a string. Check the variable or the file it comes from.`,
    );
  if (/^(?<quote>["'`]).*\k<quote>$/su.test(given))
    throw new InvalidOptionsError(
      `${what} has quotation marks around it. Pass it exactly as it was issued: \`docker --env-file\` and some tools keep the quotes of a .env file.`,
    );
  if (given === given.trim() && !/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(given)) return;
  throw new InvalidOptionsError(
    `${what} contains a line end, a control or invisible character, or white space at one of its ends. Pass it exactly as it was issued: for one read from a file, \`.trim()\` it.`,
  );
}

/** Throws `InvalidOptionsError` unless this is a time limit in milliseconds. One above `longestTimerMs` is shortened by the timer. */
export function assertTimeLimit(given: unknown, what: string): void {
  if (typeof given === "number" && given > 0 && Number.isFinite(given)) return;
  throw new InvalidOptionsError(`${what} must be a number of milliseconds above 0.`);
}
