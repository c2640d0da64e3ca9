#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { createBitbucketMock } from "./bitbucket-mock.js";
import { isProfileName, profiles } from "./profiles.js";
import { parseSeed } from "./seed-file.js";
import type { Consumer } from "./seed.js";
import type { MockUrls } from "./served-origins.js";
import { startBitbucketMock } from "./server.js";

const usage = `bitbucket-mock: a fake Bitbucket for tests, on this machine

  --port <number>        0 for any free one (default 7990)
  --host <address>       default 127.0.0.1
  --profile <name>       ${Object.keys(profiles).join(", ")}
  --auto-approve[=user] grant access without showing the consent page
  --seed <file>          JSON with consumers, users, workspaces, repositories, pullRequests
  --json                 print the addresses as one line of JSON
`;

type ToldConsumer = Pick<Consumer, "name" | "clientId" | "callbackUrl"> & { readonly clientSecret?: string };

async function main(): Promise<void> {
  const { values } = parseArgs({
    // Note: parseArgs has no option whose value may be left out.
    args: process.argv
      .slice(2)
      .map((argument) => (argument === "--auto-approve" ? "--auto-approve=" : argument)),
    options: {
      port: { type: "string", default: "7990" },
      host: { type: "string", default: "127.0.0.1" },
      profile: { type: "string", default: "cloud-2026" },
      "auto-approve": { type: "string" },
      seed: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  if (!isProfileName(values.profile)) throw new Error(`there is no profile ${values.profile}`);
  const approve = values["auto-approve"];
  const mock = createBitbucketMock({
    profile: values.profile,
    autoApprove: approve === "" ? true : (approve ?? false),
    ...(values.seed !== undefined && { seed: parseSeed(JSON.parse(await readFile(values.seed, "utf8"))) }),
  });
  const server = await startBitbucketMock(mock, { port: Number(values.port), host: values.host });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
  const { url, urls } = server;
  // Note: those of a seed may be somebody's own. Ours are in every copy of this package.
  const consumers = mock.consumers.map(({ name, clientId, clientSecret, callbackUrl }) => ({
    name,
    clientId,
    ...(values.seed === undefined && { clientSecret }),
    callbackUrl,
  }));
  process.stdout.write(
    values.json ? `${JSON.stringify({ url, urls, consumers })}\n` : describe(consumers, url, urls),
  );
}

function describe(known: readonly ToldConsumer[], url: string, urls: MockUrls): string {
  const consumers = known.map(({ name, clientId, clientSecret, callbackUrl }) =>
    [
      `  ${name}: client id ${clientId}\n`,
      clientSecret === undefined ? "" : `    client secret ${clientSecret}\n`,
      callbackUrl === null ? "" : `    callback ${callbackUrl}\n`,
    ].join(""),
  );
  return `A fake Bitbucket listens at ${url}\n
  authorize  ${urls.authorize}
  token      ${urls.token}
  api        ${urls.api}
  inspector  ${url}/_mock

Consumers\n${consumers.join("")}`;
}

main().catch((error: unknown) => {
  process.stderr.write(`bitbucket-mock: ${error instanceof Error ? error.message : "failed"}\n`);
  process.exitCode = 1;
});
