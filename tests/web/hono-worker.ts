/** The app of the suite as a worker. Where its settings are comes from a binding. */
import { appFor } from "./remote-app.ts";
import { honoApp } from "./hono-app.ts";

export default {
  async fetch(request: Request, { SETTINGS_URL }: { readonly SETTINGS_URL: string }): Promise<Response> {
    return honoApp(await appFor(request.headers, SETTINGS_URL)).fetch(request);
  },
};
