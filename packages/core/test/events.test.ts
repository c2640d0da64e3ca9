import type { Logger } from "../src/environment.ts";
import { createEventHub } from "../src/events.ts";
import { describe, expect, it } from "vitest";

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: object | undefined;
}

function recordingLogger(): { readonly logger: Logger; readonly lines: readonly Line[] } {
  const lines: Line[] = [];
  const at =
    (level: string) =>
    (message: string, fields?: object): void =>
      void lines.push({ level, message, fields });
  return { logger: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") }, lines };
}

describe("createEventHub()", () => {
  it("tells every listener of its event and of no other", () => {
    const hub = createEventHub({});
    const heard: unknown[] = [];
    hub.on("signedIn", (event) => heard.push(["first", event]));
    hub.on("signedIn", (event) => heard.push(["second", event]));
    hub.on("signedOut", (event) => heard.push(["other", event]));
    hub.emit("signedIn", { account: "ann" });
    expect(heard).toEqual([
      ["first", { account: "ann" }],
      ["second", { account: "ann" }],
    ]);
  });

  it("does not call a listener that was removed", () => {
    const hub = createEventHub({});
    const heard: unknown[] = [];
    const stop = hub.on("signedIn", (event) => heard.push(event));
    stop();
    stop();
    hub.emit("signedIn", { account: "ann" });
    expect(heard).toEqual([]);
  });

  it("logs a refresh as information and an unsaved token as an error", () => {
    const { logger, lines } = recordingLogger();
    const hub = createEventHub(logger);
    hub.emit("refreshed", { account: "ann", generation: 2, recovered: false });
    hub.emit("persistFailed", { account: "ann", attempts: 1 });
    expect(lines).toEqual([
      {
        level: "info",
        message: 'bitbucket-auth: refreshed: A new access token for account "ann" is stored.',
        fields: { account: "ann", generation: 2, recovered: false },
      },
      {
        level: "error",
        message:
          'bitbucket-auth: persistFailed: New tokens for account "ann" are not saved yet. Repair the storage; do not restart this process until `persisted`.',
        fields: { account: "ann", attempts: 1 },
      },
    ]);
  });

  it("logs what the error says, its status and OAuth code, and instants as ISO 8601", () => {
    const { logger, lines } = recordingLogger();
    createEventHub(logger).emit("failed", {
      account: "ann",
      code: "token_request_failed",
      message: "The token endpoint failed (502). Try again.",
      status: 502,
      oauthError: "server_error",
      retryAt: Date.parse("2026-11-30T12:00:00Z") + 0.3132,
    });
    expect(lines).toEqual([
      {
        level: "warn",
        message: "bitbucket-auth: failed: The token endpoint failed (502). Try again.",
        fields: {
          account: "ann",
          code: "token_request_failed",
          status: 502,
          oauthError: "server_error",
          retryAt: "2026-11-30T12:00:00.000Z",
        },
      },
    ]);
  });

  it("logs one line for each event, whatever an account is called", () => {
    const { logger, lines } = recordingLogger();
    const hub = createEventHub(logger);
    hub.emit("signedOut", { account: `a\nb${"c".repeat(1000)}` });
    hub.emit("storageFailed", { message: "storage.get failed (ECONNREFUSED)." });
    hub.emit("clockSkew", { skewMs: -7_200_400.5 });
    hub.emit("consumerBlocked", { retryAt: Number.NaN });
    expect(
      lines
        .map(({ message }) => message)
        .join("")
        .includes("\n"),
    ).toBe(false);
    expect(lines.map(({ message }) => message.length < 300)).toEqual([true, true, true, true]);
    expect(lines[1]?.message).toContain(
      "the consumer itself is served from memory. storage.get failed (ECONNREFUSED).",
    );
    expect(lines[2]?.message).toContain("This machine's clock is 7200 s ahead of Bitbucket's.");
    expect(lines[2]?.fields).toEqual({ skewMs: -7_200_400 });
  });

  it("refuses an event there is none of, and a listener that is no function", () => {
    const hub = createEventHub({});
    // @ts-expect-error -- a caller without types
    expect(() => hub.on("signedin", () => undefined)).toThrow(
      "There is no event of that name. There are: refreshed,",
    );
    // @ts-expect-error -- a caller without types
    expect(() => hub.on("signedIn", undefined)).toThrow("The listener must be a function.");
  });

  it("goes on to the next listener when one throws, and logs no more than the error's name", () => {
    const { logger, lines } = recordingLogger();
    const hub = createEventHub(logger);
    const heard: unknown[] = [];
    hub.on("signedOut", () => {
      throw new RangeError("access-1");
    });
    hub.on("signedOut", (event) => heard.push(event));
    expect(() => hub.emit("signedOut", { account: "ann" })).not.toThrow();
    expect(heard).toEqual([{ account: "ann" }]);
    expect(lines.at(-1)).toEqual({
      level: "error",
      message: "bitbucket-auth: a listener or logger threw (RangeError)",
      fields: undefined,
    });
    expect(JSON.stringify(lines)).not.toContain("access-1");
  });

  it("takes the rejection of an async listener for a thrown error", async () => {
    const { logger, lines } = recordingLogger();
    const hub = createEventHub(logger);
    const listener = (): unknown => Promise.reject(new RangeError("access-1"));
    hub.on("signedOut", listener);
    hub.emit("signedOut", { account: "ann" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines.at(-1)?.message).toBe("bitbucket-auth: a listener or logger threw (RangeError)");
  });

  it("survives a logger that throws at everything", () => {
    const broken = (): never => {
      throw new Error("no disk");
    };
    const hub = createEventHub({ debug: broken, info: broken, warn: broken, error: broken });
    const heard: unknown[] = [];
    hub.on("signedIn", (event) => heard.push(event));
    expect(() => hub.emit("signedIn", { account: "ann" })).not.toThrow();
    expect(heard).toHaveLength(1);
  });

  it("is content with a logger that has no methods", () => {
    expect(() => createEventHub({}).emit("joined", {})).not.toThrow();
  });
});
