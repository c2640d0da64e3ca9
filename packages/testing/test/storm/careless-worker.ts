import type { CreateStormClient } from "@bitbucket-auth/testing/storm";

/** Forgets a promise that rejects, and hands out what is no token. `settings.close: "fails"` keeps it from closing. */
export const createClient: CreateStormClient = ({ settings }) => ({
  async getAccessToken() {
    void Promise.reject(new Error("unhandled"));
    return "no token";
  },
  saveTokens: async () => undefined,
  async close() {
    if (settings["close"] === "fails") throw new Error("It would not close");
  },
});
