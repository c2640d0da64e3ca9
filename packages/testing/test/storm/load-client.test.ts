import { describe, expect, it } from "vitest";
import { readFields } from "../../src/json-fields.ts";
import { loadClient } from "../../src/storm/load-client.ts";

const moduleThat = (exports: string): string => `data:text/javascript,${encodeURIComponent(exports)}`;

const load = (worker: string) =>
  loadClient(
    readFields({
      worker,
      settings: { directory: "/somewhere" },
      clientOptions: {
        clientId: "key",
        clientSecret: "secret",
        endpoints: { authorizationUrl: "http://a", tokenUrl: "http://t", apiUrl: "http://i" },
      },
    }),
    { clock: { now: () => 7 }, reach: async () => undefined, count: () => undefined },
  );

describe("loadClient()", () => {
  it("hands the module what it was given and what belongs to the fake", async () => {
    const client = await load(
      moduleThat(`export const createClient = ({ settings, clientOptions }) => ({
        getAccessToken: async () => [settings.directory, clientOptions.clientId, clientOptions.clock.now()].join(),
      })`),
    );
    expect(await client.getAccessToken("alice")).toBe("/somewhere,key,7");
  });

  it.each([
    ["exports nothing of the name", "export const other = 1", /exports no createClient/],
    ["exports something else under it", "export const createClient = 1", /is not a function/],
  ])("rejects a module that %s", async (_, exports, message) => {
    await expect(load(moduleThat(exports))).rejects.toThrow(message);
  });
});
