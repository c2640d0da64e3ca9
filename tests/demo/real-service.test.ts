import { createBitbucketMock } from "@bitbucket-auth/testing";
import { startBitbucketMock } from "@bitbucket-auth/testing/server";
import { describe, expect, it } from "vitest";
import { startDemo, type DemoProcess } from "./demo-process.ts";

const clientId = "a-consumer-of-your-own";
const clientSecret = "the-secret-of-that-consumer";

function startRealDemo(fakeUrl: string): DemoProcess {
  return startDemo({
    args: ["--port", "0"],
    env: { REROUTE_TO: fakeUrl, BITBUCKET_CLIENT_ID: clientId, BITBUCKET_CLIENT_SECRET: clientSecret },
    preload: new URL("reroute-bitbucket.ts", import.meta.url),
  });
}

describe("npm run demo, with a consumer in the environment", () => {
  it.for([{ private: true }, { private: false }])(
    "signs a user in at Bitbucket's own address, with a consumer of %o",
    async (kind) => {
      const callbackUrl = "http://127.0.0.1:7991/callback";
      const consumer = { clientId, clientSecret, callbackUrl, ...kind };
      const fake = await startBitbucketMock(createBitbucketMock({ seed: { consumers: [consumer] } }));
      const demo = startRealDemo(fake.url);
      const [address] = await demo.shows(/^https:\/\/bitbucket\.org\/site\/oauth2\/authorize\?\S+(?=\n)/m);
      const body = new URLSearchParams({ decision: "grant", username: "alice" });
      await fetch(address.replace("https://bitbucket.org", fake.url), { method: "POST", body });
      const { exitCode } = await demo.ended;
      await fake.close();
      expect(demo.output()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/m);
      expect(demo.output()).toContain("Signed in as");
      expect(demo.output()).not.toContain(clientSecret);
      expect(exitCode).toBe(0);
    },
  );

  it("ends with a typed error and no stack trace when Bitbucket cannot be reached", async () => {
    const demo = startRealDemo("http://127.0.0.1:1");
    const { exitCode } = await demo.ended;
    expect(demo.output()).toContain("The demo ends here: token_request_failed");
    expect(demo.output()).not.toMatch(/^\s+at /m);
    expect(exitCode).toBe(1);
  });

  it("says that the secret is wrong before the user is sent anywhere", async () => {
    const fake = await startBitbucketMock();
    const demo = startRealDemo(fake.url);
    const { exitCode } = await demo.ended;
    await fake.close();
    expect(demo.output()).toContain("The demo ends here: token_request_rejected");
    expect(demo.output()).not.toContain("/authorize");
    expect(exitCode).toBe(1);
  });
});
