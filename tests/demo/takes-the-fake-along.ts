import { expect, it } from "vitest";
import { startDemo } from "./demo-process.ts";

/** Where the demo sends a user, in what it prints. */
export const consentAddress: RegExp = /^http\S+\/authorize\?\S+(?=\n)/m;

/** Registers that the fake ends with the demo, which a signal ends. */
export function takesTheFakeAlong(signal: NodeJS.Signals, expected: number | null): void {
  it(`takes the fake along when it ends by ${signal}`, async () => {
    const demo = startDemo({ args: ["--browser"] });
    await demo.shows(consentAddress);
    demo.kill(signal);
    const { exitCode } = await demo.ended;
    expect(exitCode).toBe(expected);
  });
}
