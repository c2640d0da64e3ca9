import { describe, expect, it } from "vitest";
import { SignedOutError, TokenRequestError } from "../../src/errors.ts";
import type { EventHub } from "../../src/events.ts";
import { createFailureTeller } from "../../src/refresh/failure-teller.ts";

function teller(): { readonly tell: (error: unknown) => void; readonly told: unknown[] } {
  const told: unknown[] = [];
  const events: EventHub = {
    on: () => () => undefined,
    emit: (name, detail) => void told.push([name, detail]),
  };
  const tell = createFailureTeller(events);
  return { told, tell: (error) => tell({ key: "k", account: "ann" }, error) };
}

describe("createFailureTeller()", () => {
  it("tells of a failure with its account, its code and when to try again", () => {
    const { tell, told } = teller();
    tell(new TokenRequestError("Busy.", { retryAt: 7_000 }));
    tell(new SignedOutError("Nobody is signed in."));
    expect(told).toEqual([
      ["failed", { account: "ann", code: "token_request_failed", retryAt: 7_000 }],
      ["failed", { account: "ann", code: "signed_out" }],
    ]);
    expect(told[1]).not.toHaveProperty("1.retryAt");
  });

  it("tells of the same error once, however many callers get it", () => {
    const { tell, told } = teller();
    const error = new TokenRequestError("Busy.");
    tell(error);
    tell(error);
    expect(told).toHaveLength(1);
    tell(new TokenRequestError("Busy."));
    expect(told).toHaveLength(2);
  });

  it.each([new Error("a caller gave up"), undefined, "text"])(
    "says nothing of what is no error of ours: %s",
    (error) => {
      const { tell, told } = teller();
      tell(error);
      expect(told).toEqual([]);
    },
  );
});
