import { expect, it } from "vitest";
import { goodAnswer, malformedAnswers } from "../rivals/measures/malformed-answers.ts";

it("has 26 answers with something wrong in them, no two alike, and none like the good one", () => {
  const answers = Object.values(malformedAnswers("http://localhost/token")).map((answer) =>
    JSON.stringify(answer),
  );
  expect(answers).toHaveLength(26);
  expect(new Set(answers).size).toBe(26);
  expect(answers).not.toContain(JSON.stringify(goodAnswer));
});
