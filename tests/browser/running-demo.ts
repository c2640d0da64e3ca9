import { startDemo, type RunningDemo } from "@bitbucket-auth/browser-app";

/** The example, on free ports and with fakes that the test can ask and move. */
export function startTestDemo(): Promise<RunningDemo> {
  return startDemo({
    port: 0,
    staticPort: 0,
    clientId: undefined,
    clientSecret: undefined,
    cookieSecret: "only for this test, and thrown away",
  });
}
