import type { Request, Response } from "express";

/** Who signed in, and when (epoch milliseconds). No token, and nothing else about them. */
export interface Session {
  readonly account: string;
  readonly issuedAt: number;
}

/** Where a browser's session is kept. */
export interface SessionKeeper {
  read(req: Request): Promise<Session | undefined>;
  /** Starts a session under a new id: whatever id the browser came with leads nowhere. */
  open(req: Request, res: Response, session: Session): Promise<void>;
  close(req: Request, res: Response): Promise<void>;
}

/** How long a person stays signed in, at most: two weeks. */
export const sessionLifeMs: number = 14 * 24 * 60 * 60 * 1000;
