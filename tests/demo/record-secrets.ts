/**
 * Loaded into both processes of the demo by its test: writes every secret that is issued or sent into the file that
 * `SECRETS_FILE` names, one JSON object per line. The fake's token answers pass `JSON.stringify`, a lost one among them.
 */
import { appendFileSync } from "node:fs";

const file = process.env["SECRETS_FILE"] ?? "";
const stringify = JSON.stringify.bind(JSON);
const send = globalThis.fetch.bind(globalThis);

function record(kind: string, secret: unknown): void {
  if (typeof secret === "string" && secret !== "") appendFileSync(file, `${stringify({ kind, secret })}\n`);
}

JSON.stringify = (value: unknown, ...rest: readonly unknown[]): string => {
  if (typeof value === "object" && value !== null && "access_token" in value)
    for (const name of ["access_token", "refresh_token"]) record(name, Reflect.get(value, name));
  return String(Reflect.apply(stringify, JSON, [value, ...rest]));
};

globalThis.fetch = (input, init) => {
  const [scheme, credentials = ""] = new Headers(init?.headers).get("authorization")?.split(" ") ?? [];
  if (scheme === "Basic") record("client_secret", atob(credentials).split(":")[1]);
  const form = new URLSearchParams(typeof init?.body === "string" ? init.body : "");
  for (const name of ["code", "code_verifier"]) record(name, form.get(name));
  return send(input, init);
};
