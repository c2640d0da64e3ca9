/**
 * The other process of the demo: a fake Bitbucket that listens on this machine. `fake-process.ts` starts it.
 *
 * It lives exactly as long as the program that started it: when the channel between the two closes, for whatever reason,
 * it goes away.
 */
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { startBitbucketMock } from "@bitbucket-auth/testing/server";

const [callbackUrl] = process.argv.slice(2);
if (callbackUrl === undefined || !process.send) throw new Error("This is started by the demo, not by hand.");

// Ctrl-C reaches every process of a terminal. The demo decides what it means.
process.on("SIGINT", () => undefined);
process.once("disconnect", () => process.exit());
if (!process.connected) process.exit();

const mock = createBitbucketMock({ seed: { consumers: [{ name: "Demo app", callbackUrl }] } });
const server = await startBitbucketMock(mock);
const [consumer] = mock.consumers;
if (!consumer) throw new Error("The fake has no consumer.");
const { clientId, clientSecret } = consumer;
process.send({ url: server.url, clientId, clientSecret });
