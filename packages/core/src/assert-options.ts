import { InvalidOptionsError } from "./errors.js";

/** Throws `InvalidOptionsError` unless this is an object. Callers without types forget it, or pass `null`. */
export function assertObject(given: unknown, what: string): asserts given is object {
  if (typeof given === "object" && given !== null) return;
  throw new InvalidOptionsError(`${what} must be an object.`);
}

/** Throws `InvalidOptionsError` unless this is an object with these methods. */
export function assertMethods(given: unknown, what: string, names: readonly string[]): void {
  assertObject(given, what);
  for (const name of names) assertFunction(Reflect.get(given, name), `${what}.${name}`);
}

/** Throws `InvalidOptionsError` unless this is a function. */
export function assertFunction(given: unknown, what: string): void {
  if (typeof given !== "function") throw new InvalidOptionsError(`${what} must be a function.`);
}

/** Throws `InvalidOptionsError` unless this is a text with something in it. `hint` says what it is. */
export function assertText(given: unknown, what: string, hint = ""): void {
  if (given === undefined || given === null || given === "") {
    throw new InvalidOptionsError(`${what} is missing${hint}.`);
  }
  if (typeof given !== "string") throw new InvalidOptionsError(`${what} must be a string${hint}.`);
}
