import type { Answer } from "./answer.js";

/** What an endpoint decided: the answer, and what the log should know about it. */
export interface Ruling {
  readonly answer: Answer;
  readonly facts?: RulingFacts;
  /** What the client did that Bitbucket refuses whoever asks: a bug in the client, not bad luck. */
  readonly violation?: string;
}

/** The parts of a request that only its endpoint knows. */
export interface RulingFacts {
  readonly clientId?: string;
  readonly grantId?: string;
  /** Of the token that was presented. */
  readonly generation?: number;
  /** A refresh token was presented again after its leeway. */
  readonly reused?: boolean;
  /** A refresh token was presented again inside its leeway. */
  readonly leeway?: boolean;
  /** The OAuth error that was answered. */
  readonly error?: string;
}

/** Carries out a request that has been read and checked as far as possible without changing anything. */
export type Commit = () => Ruling;
