import { expect, it } from "vitest";
import { once } from "../src/once.ts";

it("asks once for all callers, and again after a refusal", async () => {
  let asked = 0;
  const answer = once(async () => {
    asked += 1;
    if (asked === 1) throw new Error("not yet");
    return asked;
  });
  await expect(Promise.all([answer.get(), answer.get()])).rejects.toThrow("not yet");
  expect(await Promise.all([answer.get(), answer.get(), answer.get()])).toEqual([2, 2, 2]);
});
