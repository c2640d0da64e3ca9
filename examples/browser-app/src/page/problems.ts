import { member, text } from "./json.ts";

/** A failure, in words for the user. */
export interface Problem {
  readonly title: string;
  readonly text: string;
  readonly next: "sign-in" | "try-again" | "leave";
}

/** What went wrong and what the user can do next, by `error.action`. */
export function describeProblem(error: unknown): Problem {
  const action = text(error, "action");
  if (action === "reauthorize")
    return {
      title: "Please sign in again",
      text: "Your sign-in has ended: in another tab, by its age, or because you took back this app's access. Nothing else was lost.",
      next: "sign-in",
    };
  if (member(error, "status") === 404)
    return {
      title: "Not here",
      text: "This page does not exist at Bitbucket, or your account may not see it. Check the address.",
      next: "leave",
    };
  if (action === "retry")
    return {
      title: "No answer from Bitbucket",
      text: "It may be down, or your connection is. Wait a moment, then try again.",
      next: "try-again",
    };
  return {
    title: "That did not work",
    text: error instanceof Error ? error.message : "Try again. If it stays so, tell those who run this app.",
    next: "try-again",
  };
}
