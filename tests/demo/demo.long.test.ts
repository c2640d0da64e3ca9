import { describe } from "vitest";
import { takesTheFakeAlong } from "./takes-the-fake-along.ts";

describe("npm run demo", () => {
  takesTheFakeAlong("SIGINT", 130);
  takesTheFakeAlong("SIGHUP", 129);
});
