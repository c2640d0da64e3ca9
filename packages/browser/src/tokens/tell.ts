import type { TokenPlan } from "./page-token-config.js";

/** Tells the logger, or with `logging: true` the console. By default only what could cost a grant is shown. */
export function tell(
  { config: { logging, logger }, account }: TokenPlan,
  level: "info" | "error",
  message: string,
): void {
  if (logging === false) return;
  const shown = logger ?? (logging || level === "error" ? globalThis.console : undefined);
  shown?.[level]?.(message, { account });
}
