#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { createBitbucketMock } from "./fake/mock.js";
import type { MockUrls } from "./fake/operation.js";
import { isProfileName, profiles } from "./fake/profiles.js";
import type { Consumer, Seed } from "./fake/seed.js";
import { messageOf } from "./remote/json-fields.js";
import { parseSeed } from "./remote/seed-file.js";
import { startBitbucketMock } from "./server.js";

const usage = `bitbucket-mock: a fake Bitbucket for tests, on this machine

  --port <number>        0 for any free one (default 7990)
  --host <address>       default 127.0.0.1
  --profile <name>       ${Object.keys(profiles).join(", ")}
  --auto-approve[=user] grant access without showing the consent page
  --seed <file>          JSON with consumers, users, workspaces, repositories, pullRequests
  --json                 print the addresses and consumers as one line of JSON
  --show-secrets         print the client secrets of a seed file, too
  --git <directory>      serve bare repositories below it to git
  --keep-running         do not end with the process that started it
`;

type ToldConsumer = Pick<Consumer, "name" | "clientId" | "callbackUrl"> & { readonly clientSecret?: string };

async function main(): Promise<void> {
  const { values } = parseArgs({
    // ParseArgs has no option whose value may be left out.
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
      "show-secrets": { type: "boolean", default: false },
      git: { type: "string" },
      "keep-running": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  if (!isProfileName(values.profile)) throw new Error(`there is no profile ${values.profile}`);
  if (!/^\d{1,5}$/.test(values.port)) throw new Error(`there is no port ${values.port}`);
  const approve = values["auto-approve"];
  const mock = createBitbucketMock({
    profile: values.profile,
    autoApprove: approve === "" ? true : (approve ?? false),
    ...(values.seed !== undefined && { seed: await readSeed(values.seed) }),
  });
  // Its consent page would be shown, and a script without a browser would wait at it.
  const names = mock.users.map(({ username }) => username);
  if (approve && !names.includes(approve))
    throw new Error(`there is no user ${approve} to approve as; there is ${names.join(", ")}`);
  const server = await startBitbucketMock(mock, {
    port: Number(values.port),
    host: values.host,
    ...(values.git !== undefined && { git: { directory: values.git } }),
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
  if (!values["keep-running"]) whenParentEnds(() => void server.close());
  const { url, urls } = server;
  // The secrets of a seed may be real ones. Ours are in every copy of this package.
  const consumers = mock.consumers.map(({ name, clientId, clientSecret, callbackUrl }) => ({
    name,
    clientId,
    ...((values.seed === undefined || values["show-secrets"]) && { clientSecret }),
    callbackUrl,
  }));
  process.stdout.write(
    values.json ? `${JSON.stringify({ url, urls, consumers })}\n` : describe(consumers, url, urls),
  );
}

/** Some editors begin a file with a mark that is no JSON. Note: the parser's own words quote the file, which may hold secrets. */
async function readSeed(file: string): Promise<Seed> {
  const text = (await readFile(file, "utf8")).replace(/^\uFEFF/, "");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${file} is not valid JSON`);
  }
  return parseSeed(value);
}

/** A process whose parent ended has another one. A killed npx tells its child nothing else. */
function whenParentEnds(end: () => void): void {
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    end();
  }, 200);
  look.unref();
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
  process.stderr.write(`bitbucket-mock: ${messageOf(error)}\n`);
  process.exitCode = 1;
});
