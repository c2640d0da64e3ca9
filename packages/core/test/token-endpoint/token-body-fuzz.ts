import * as fc from "fast-check";
import type { WireResponse } from "../../src/token-endpoint/request.ts";
import { readTokenResponse } from "../../src/token-endpoint/response.ts";
import { tokenBody } from "../fake-fetch.ts";

/** A successful answer with this body and nothing wrong on the outside. */
export function tokenAnswer(body: string, extra: Partial<WireResponse> = {}): WireResponse {
  return {
    kind: "answered",
    status: 200,
    contentType: "application/json",
    body,
    bodyTooLarge: false,
    startedAt: 1_000_000,
    ...extra,
  };
}

const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    [],
    {},
    "",
    " ",
    "a\r\nb",
    "\u0000",
    "ü",
    "bearer",
    "mac",
    "7200",
    "abc",
  ),
  fc.constantFrom<unknown>(0, -0, -5, 0.5, 1, 7200, 1e99, 5e-324, Number.MAX_SAFE_INTEGER),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.jsonValue({ maxDepth: 1 }),
);

const fields = [...Object.keys(tokenBody()), "scopes", "error", "constructor", "toString"];

/** A good body in which any field may be missing or hold anything. */
const tamperedBody = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...fields), hostile, { maxKeys: 4 }),
    fc.subarray(fields, { maxLength: 2 }),
  )
  .map(([changed, removed]) => {
    const kept = Object.entries(tokenBody(changed)).filter(([name]) => !removed.includes(name));
    return JSON.stringify(Object.fromEntries(kept));
  });

/** A good body with a cut, a splice, a repeated or a poisoned key: what only text can say. */
const mangledBody = fc
  .tuple(
    fc.nat({ max: 160 }),
    fc.string({ unit: "binary", maxLength: 3 }),
    fc.constantFrom("cut", "splice", "key", "proto"),
  )
  .map(([at, noise, how]) => {
    const good = JSON.stringify(tokenBody());
    if (how === "cut") return good.slice(0, at);
    if (how === "splice") return good.slice(0, at) + noise + good.slice(at);
    if (how === "key") return good.replace("{", `{"access_token":${JSON.stringify(noise)},`);
    return good.replace("{", `{"__proto__":{"access_token":${JSON.stringify(noise)},"error":1},`);
  });

/** Bodies of every kind, from nearly right to noise. */
export const anyBody: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: tamperedBody },
  { weight: 3, arbitrary: mangledBody },
  { weight: 1, arbitrary: fc.oneof(fc.json(), fc.string({ unit: "binary" })) },
);

/** How many bodies were taken for tokens and how many were not: both must happen, or nothing was tested. */
export interface FuzzTally {
  accepted: number;
  refused: number;
}

const visible = /^[\x21-\x7e]+$/;

/** Reads one body and throws if that crashed, took an invalid field, or repeated the body in its complaint. */
export function checkBody(body: string, tally: FuzzTally): void {
  const reading = readTokenResponse(tokenAnswer(body));
  if (!reading.ok) {
    tally.refused += 1;
    if (!/^[\w ]+(?:JSON object|malformed|status 200)$/.test(reading.problem))
      throw new Error(reading.problem);
    return;
  }
  tally.accepted += 1;
  const { accessToken, refreshToken, lifetimeMs, scope, tokenType } = reading.response;
  const sound =
    visible.test(accessToken) &&
    (refreshToken === undefined || visible.test(refreshToken)) &&
    Number.isSafeInteger(lifetimeMs) &&
    lifetimeMs >= 1000 &&
    (scope === undefined || /^[\x20-\x7e]*$/.test(scope)) &&
    tokenType === "bearer" &&
    (Reflect.get(asObject(body), "error") ?? null) === null;
  if (!sound) throw new Error("a response with an invalid field was accepted");
}

function asObject(body: string): object {
  const parsed: unknown = JSON.parse(body);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new Error("not an object");
  // Own names only: `in` would otherwise see Object.prototype.
  return Object.assign(Object.create(null) as object, parsed);
}
