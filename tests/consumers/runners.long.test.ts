import { findChromium } from "./chromium.ts";
import { consumers, describeJestTypes, describePlaywright, describeRunner } from "./describe-runners.ts";

for (const consumer of consumers)
  if (consumer.name === "jest-typescript" || consumer.name === "jest-commonjs")
    describeRunner(consumer, ["right", "wrong"]);

describeJestTypes("@types/jest");
describeJestTypes("@jest/globals");
describePlaywright(await findChromium(), ["right", "wrong"]);
