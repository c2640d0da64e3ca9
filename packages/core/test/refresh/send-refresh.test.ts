import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  RefreshRejectedError,
  TokenRequestError,
  TokenRequestRejectedError,
  TokenResponseInvalidError,
} from "../../src/errors.ts";
import type { RefreshContext } from "../../src/refresh/refresh-context.ts";
import { sendRefresh, type SentRefresh } from "../../src/refresh/send-refresh.ts";
import { startDeadline } from "../../src/refresh/timers.ts";
import type { TokenAnswer } from "../../src/token-endpoint/token-answer.ts";
import { createRefreshUnderTest, lostAnswer, tokensAnswer, unsentAnswer } from "./refresh-under-test.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const resend = { mayResend: true };

/** Under the deadline that a redemption sets. */
function send(context: RefreshContext, options: { readonly mayResend: boolean }): Promise<SentRefresh> {
  const deadline = startDeadline(context.timeoutMs);
  return sendRefresh(context, "refresh-1", { ...options, deadline: deadline.signal }).finally(
    deadline.cancel,
  );
}

describe("sendRefresh()", () => {
  it("sends the refresh token once when it is answered", async () => {
    const { context, sent } = createRefreshUnderTest([tokensAnswer(2)]);
    expect(await send(context, resend)).toMatchObject({
      answer: { kind: "tokens" },
      mayHaveBeenRedeemed: false,
    });
    expect(sent).toEqual(["refresh-1"]);
  });

  it("tries a request that never left three times more, later each time", async () => {
    const { context, sent } = createRefreshUnderTest([unsentAnswer()], { random: () => 0.5 });
    const outcome = send(context, resend);
    const counts: number[] = [];
    for (const ms of [0, 50, 100, 200, 5_000]) {
      await vi.advanceTimersByTimeAsync(ms);
      counts.push(sent.length);
    }
    expect(counts).toEqual([1, 2, 3, 4, 4]);
    expect(await outcome).toMatchObject({ answer: { kind: "unsent" }, mayHaveBeenRedeemed: false });
  });

  it("is content when a later try gets through", async () => {
    const { context, sent } = createRefreshUnderTest([unsentAnswer(), unsentAnswer(), tokensAnswer(2)]);
    const outcome = send(context, resend);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcome).toMatchObject({ answer: { kind: "tokens" }, mayHaveBeenRedeemed: false });
    expect(sent).toHaveLength(3);
  });

  it("sends a request whose answer was lost once more, at once, and says so", async () => {
    const { context, sent } = createRefreshUnderTest([lostAnswer(), tokensAnswer(2)]);
    expect(await send(context, resend)).toMatchObject({
      answer: { kind: "tokens" },
      mayHaveBeenRedeemed: true,
    });
    expect(sent).toEqual(["refresh-1", "refresh-1"]);
  });

  it("sends it once more and never again", async () => {
    const { context, sent } = createRefreshUnderTest([lostAnswer()]);
    expect(await send(context, resend)).toMatchObject({
      answer: { kind: "ambiguous" },
      mayHaveBeenRedeemed: true,
    });
    expect(sent).toHaveLength(2);
  });

  it("does not send it again when an earlier process may have done so", async () => {
    const { context, sent } = createRefreshUnderTest([lostAnswer()]);
    await send(context, { mayResend: false });
    expect(sent).toHaveLength(1);
  });

  it("still tries again after the re-send what never left", async () => {
    const { context, sent } = createRefreshUnderTest([lostAnswer(), unsentAnswer(), tokensAnswer(2)]);
    const outcome = send(context, resend);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcome).toMatchObject({ answer: { kind: "tokens" }, mayHaveBeenRedeemed: true });
    expect(sent).toHaveLength(3);
  });

  it.each<readonly [string, TokenAnswer]>([
    ["an answer that makes no sense", { kind: "ambiguous", error: new TokenResponseInvalidError("html") }],
    ["a server that is busy", { kind: "not_redeemed", error: new TokenRequestError("429"), retryAfterMs: 1 }],
    ["a dead token", { kind: "dead", error: new RefreshRejectedError("dead", { certainty: "certain" }) }],
    [
      "a doubtful refusal",
      { kind: "doubtful", error: new RefreshRejectedError("no", { certainty: "probable" }) },
    ],
    ["a wrong consumer", { kind: "misconfigured", error: new TokenRequestRejectedError("no") }],
  ])("never repeats after %s", async (_what, answer) => {
    const { context, sent } = createRefreshUnderTest([answer]);
    expect((await send(context, resend)).answer).toBe(answer);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(sent).toHaveLength(1);
  });

  it("sends nothing after its deadline", async () => {
    const { context, sent } = createRefreshUnderTest([unsentAnswer()], {
      random: () => 0.999,
      timeoutMs: 150,
    });
    const outcome = send(context, resend);
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await outcome).answer.kind).toBe("unsent");
    expect(sent).toHaveLength(2);
  });

  it("does not send again what was lost when the deadline fired", async () => {
    const answerAtDeadline = (): Promise<TokenAnswer> =>
      new Promise((resolve) => setTimeout(() => resolve(lostAnswer()), 1_000));
    const { context, sent } = createRefreshUnderTest([answerAtDeadline], { timeoutMs: 1_000 });
    const outcome = send(context, resend);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcome).toMatchObject({ mayHaveBeenRedeemed: false });
    expect(sent).toHaveLength(1);
  });

  it("tells the request when the time is over", async () => {
    let signal: AbortSignal | undefined;
    const { context } = createRefreshUnderTest([], {
      timeoutMs: 1_000,
      requestTokens: (_form, _grant, given) => {
        signal = given;
        return new Promise((resolve) => given.addEventListener("abort", () => resolve(lostAnswer())));
      },
    });
    const outcome = send(context, resend);
    await vi.advanceTimersByTimeAsync(999);
    expect(signal?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect((await outcome).answer.kind).toBe("ambiguous");
  });

  it("sends nothing more once the owner has closed, and finishes what was sent", async () => {
    const { context, sent, close } = createRefreshUnderTest([unsentAnswer()], { random: () => 0.5 });
    const outcome = send(context, resend);
    await vi.advanceTimersByTimeAsync(10);
    close();
    expect((await outcome).answer.kind).toBe("unsent");
    expect(sent).toHaveLength(1);
  });
});
