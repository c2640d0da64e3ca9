import { InvalidOptionsError } from "@bitbucket-auth/core";

const functions = [
  "loadConfig",
  "saveConfig",
  "fetch",
  "credentialsProvider",
  "useRefreshToken",
  "onUnpersisted",
];

/** Checks what a page without types can pass, before any of it is used. Throws `InvalidOptionsError` that names it. */
export function assertKinds(config: unknown): asserts config is object {
  if (typeof config !== "object" || config === null) throw wrong("its config", "an object");
  const given = new Map<string, unknown>(Object.entries(config));
  for (const name of ["consumerKey", "consumerSecret", "appName"])
    if (typeof (given.get(name) ?? "") !== "string") throw wrong(name, "a text");
  for (const name of functions)
    if (typeof (given.get(name) ?? assertKinds) !== "function") throw wrong(name, "a function");
  for (const name of ["storage", "clock", "endpoints"])
    if (typeof (given.get(name) ?? given) !== "object") throw wrong(name, "an object");
}

function wrong(name: string, kind: string): InvalidOptionsError {
  return new InvalidOptionsError(`getAccessToken() wants ${name} to be ${kind}.`);
}
