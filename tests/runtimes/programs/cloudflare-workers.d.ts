/** Of workerd's own module, what a program here uses. */
declare module "cloudflare:workers" {
  export function waitUntil(promise: Promise<unknown>): void;
}
