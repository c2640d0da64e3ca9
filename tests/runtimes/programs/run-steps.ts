/** What is tried, by what it is called. Later steps go on from where earlier ones ended. */
export type Steps = Readonly<Record<string, () => Promise<void>>>;

/** How each step ended: `ok`, or what was wrong. After a failure the rest is not tried. */
export type Verdict = Readonly<Record<string, string>>;

/** Takes the steps in their order. */
export async function runSteps(steps: Steps): Promise<Verdict> {
  const verdict: Record<string, string> = {};
  let failed = false;
  for (const [name, step] of Object.entries(steps)) {
    if (failed) {
      verdict[name] = "not reached";
      continue;
    }
    verdict[name] = await step().then(
      () => "ok",
      (error: unknown) => String(error),
    );
    failed = verdict[name] !== "ok";
  }
  return verdict;
}

/** Throws what is said unless it holds. */
export function check(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}
