import { scenarios } from "@bitbucket-auth/testing/scenarios";
import { expect, it } from "vitest";
import { everyPage } from "./markdown-pages.ts";

it("tells as many stories of the fake as there are", async () => {
  const pages = await everyPage();
  const told = pages.flatMap(({ text }) =>
    Array.from(text.matchAll(/(\d+) named stories/g), ([, number]) => Number(number)),
  );
  expect(new Set(told)).toEqual(new Set([scenarios.length]));
});
