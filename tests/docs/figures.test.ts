import { scenarios } from "@bitbucket-auth/testing/scenarios";
import { expect, it } from "vitest";
import { everyPage } from "./markdown-pages.ts";

it("counts the scenarios of the fake right", async () => {
  const pages = await everyPage();
  const told = pages.flatMap(({ text }) =>
    Array.from(text.matchAll(/(\d+) named scenarios/g), ([, number]) => Number(number)),
  );
  expect(new Set(told)).toEqual(new Set([scenarios.length]));
});
