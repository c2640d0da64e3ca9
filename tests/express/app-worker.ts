/** One process of an app with a guarded page, on a Redis and a Bitbucket that it is told of. Ends with its parent. */
import { once } from "node:events";
import { createServer } from "node:http";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { bitbucketAuth, bitbucketErrors, requireBitbucket } from "@bitbucket-auth/express";
import { createRedisStorage } from "@bitbucket-auth/storage-redis";
import express from "express";
import { createClient } from "redis";
import type { WorkerSettings } from "./app-process.ts";

const settings = JSON.parse(process.argv[2] ?? "") as WorkerSettings;
process.once("disconnect", () => process.exit());

let aheadMs = 0;
const clock = { now: () => Date.now() + aheadMs };
const client = createClient({ socket: { path: settings.redisSocket, tls: false } });
client.on("error", () => undefined);
await client.connect();

const auth = createBitbucketAuth({
  ...settings.consumer,
  // Far more than a busy machine needs: Redis is never gone here.
  storage: createRedisStorage({ client, deadlineMs: 9_000 }),
  encryption: { current: "k1", keys: { k1: new Uint8Array(32).fill(7) } },
  // Short, so that what a killed process held is free again soon, and more than a busy machine needs for a request.
  timeoutMs: 9_000,
  refresh: { leaseMs: 10_000 },
  clock,
  logging: false,
});
const { cookieSecret, baseUrl } = settings;
const app = express();
app.use(bitbucketAuth({ auth, clock, cookieSecret, baseUrl }));
app.get("/whoami", requireBitbucket(), (req, res, next) => {
  req.bitbucket
    .fetch("/2.0/user")
    .then(async (response) => res.status(response.status).json(await response.json()))
    .catch(next);
});
app.use(bitbucketErrors());
const server = createServer(app).listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
process.send?.({ port: typeof address === "object" ? address?.port : undefined });

process.on("message", (message: { readonly advanceMs: number }) => {
  aheadMs += message.advanceMs;
  process.send?.({ advanced: true });
});
