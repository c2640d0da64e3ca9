import type { Attack } from "./attacks/attack.js";
import { proxyAttacks } from "./attacks/proxy-attacks.js";
import { redirectAttacks } from "./attacks/redirect-attacks.js";
import { sessionAttacks } from "./attacks/session-attacks.js";
import { signInAttacks } from "./attacks/sign-in-attacks.js";

/** Ways to be somebody else, to be sent elsewhere, or to act in the name of another. */
export const attacks: readonly Attack[] = [
  ...signInAttacks,
  ...sessionAttacks,
  ...redirectAttacks,
  ...proxyAttacks,
];
