import { describe, expect, it } from "vitest";
import { createEventHub } from "../src/events.ts";
import type { Logger } from "../src/logger.ts";

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

  it("tells nobody who has stopped listening", () => {
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
        message: "bitbucket-auth: refreshed",
        fields: { account: "ann", generation: 2, recovered: false },
      },
      { level: "error", message: "bitbucket-auth: persistFailed", fields: { account: "ann", attempts: 1 } },
    ]);
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
