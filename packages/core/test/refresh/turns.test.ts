import { describe, expect, it } from "vitest";
import { createTurns } from "../../src/refresh/turns.ts";

function held(): { promise: Promise<void>; letGo: () => void } {
  let letGo: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => (letGo = resolve));
  return { promise, letGo };
}

describe("createTurns()", () => {
  it("runs one after the other for a key, in the order of asking, also after a failure", async () => {
    const inTurn = createTurns();
    const first = held();
    const order: string[] = [];
    const turns = [
      inTurn("ann", async () => {
        await first.promise;
        order.push("first");
        throw new Error("failed");
      }),
      inTurn("ann", async () => void order.push("second")),
      inTurn("ann", async () => void order.push("third")),
    ];
    first.letGo();
    expect((await Promise.allSettled(turns)).map(({ status }) => status)).toEqual([
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
    expect(order).toEqual(["first", "second", "third"]);
  });

  it("lets other keys pass", async () => {
    const inTurn = createTurns();
    const first = held();
    const waiting = inTurn("ann", () => first.promise);
    expect(await inTurn("bob", async () => "bob")).toBe("bob");
    first.letGo();
    await waiting;
  });
});
