import { InvalidOptionsError } from "../errors.js";

/**
 * Compares a secret with what somebody claims it is, in a time that depends on the secret's length alone: not on how much of
 * the claim is right, nor on how long the claim is.
 */
export function equalInConstantTime(secret: string, claim: string): boolean {
  if (typeof secret !== "string" || typeof claim !== "string")
    throw new InvalidOptionsError("equalInConstantTime() compares two strings.");
  let difference = secret.length ^ claim.length;
  // Past the claim's end `charCodeAt` is NaN, which counts as 0 here; the lengths have already told them apart.
  for (let i = 0; i < secret.length; i += 1) difference |= secret.charCodeAt(i) ^ claim.charCodeAt(i);
  return difference === 0;
}
