import { webcrypto } from "node:crypto";
import { ReadableStream } from "node:stream/web";

// What every page has and jsdom lacks. Core's own message asks users for the first of them.
for (const [name, value] of Object.entries({ crypto: webcrypto, ReadableStream }))
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
