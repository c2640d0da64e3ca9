import type { Response } from "express";

/** Nobody may keep the answer, and no site that follows may learn the address, which can hold a code. */
export function keepPrivate(res: Response): void {
  res.setHeader("Cache-Control", "no-store");
  res.setHeader("Referrer-Policy", "no-referrer");
}

/** Sends the browser elsewhere, without a body that would repeat the address. */
export function redirectPrivately(res: Response, status: 302 | 303, location: string): void {
  keepPrivate(res);
  res.setHeader("Location", location);
  res.status(status).end();
}
