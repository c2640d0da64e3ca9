/** Starts the server. Without a consumer's key in the environment there is a fake Bitbucket inside. */
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import process from "node:process";
import { type BitbucketAuth, createBitbucketAuth } from "@bitbucket-auth/core";
import { createFileStorage } from "@bitbucket-auth/storage-file";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { startBitbucketMock } from "@bitbucket-auth/testing/server";
import { createCmsAuth } from "./cms-auth.ts";

const { env } = process;
const server = createServer().listen(Number(env["PORT"] ?? 3000), "localhost");
await once(server, "listening");
const address = server.address();
const port = typeof address === "object" && address ? address.port : 0;
const baseUrl = env["BASE_URL"] ?? `http://localhost:${port}`;
const auth =
  env["BITBUCKET_CLIENT_ID"] === undefined
    ? await onFakeBitbucket()
    : createBitbucketAuth({ storage: createFileStorage({ appName: "bitbucket-cms-auth" }) });
const cookieSecret = env["COOKIE_SECRET"] ?? randomBytes(32).toString("base64");
const origins = (env["CMS_ORIGINS"] ?? "http://localhost:8080").split(",");
server.on("request", createCmsAuth({ auth, cookieSecret, baseUrl, origins }));
process.stdout.write(`Listening at ${baseUrl}\n`);

async function onFakeBitbucket(): Promise<BitbucketAuth> {
  const mock = createBitbucketMock({ consumers: [{ callbackUrl: `${baseUrl}/auth/bitbucket/callback` }] });
  const { urls } = await startBitbucketMock(mock, { autoApprove: true });
  const [consumer] = mock.consumers;
  return createBitbucketAuth({
    ...(consumer && { clientId: consumer.clientId, clientSecret: consumer.clientSecret }),
    endpoints: { authorizationUrl: urls.authorize, tokenUrl: urls.token, apiUrl: urls.api },
  });
}
