import { isBitbucketAuthError } from "@bitbucket-auth/core";
import { readCommandLine, usage } from "./command-line.ts";
import { errorRows } from "./error-rows.ts";
import { visitRealService } from "./real-service.ts";
import { tellStory } from "./story.ts";
import { createTimeline } from "./timeline.ts";

const timeline = createTimeline();

for (const [signal, exitCode] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.once(signal, () => {
    timeline.close("Stopped before the end.", "bad");
    process.exit(exitCode);
  });
}
// The reader of the output has closed it: `npm run demo | head`.
process.stdout.once("error", () => process.exit(1));

try {
  await run();
} catch (error) {
  explain(error);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const { browser, help, port } = readCommandLine(process.argv.slice(2));
  if (help) {
    process.stdout.write(usage);
    return;
  }
  const { BITBUCKET_CLIENT_ID: clientId, BITBUCKET_CLIENT_SECRET: clientSecret } = process.env;
  if (clientId || clientSecret) {
    await visitRealService(timeline, { port: port ?? 7991 });
    timeline.close("That was the real Bitbucket. Everything went as it should.", "good");
  } else {
    await tellStory(timeline, { browser, port: port ?? 0 });
    timeline.invite("To click through the web app yourself:", "npm run demo:app");
    timeline.close("Everything went as told.", "good");
  }
}

function explain(error: unknown): void {
  const known = isBitbucketAuthError(error);
  timeline.close(`The demo ends here: ${known ? error.code : reasonOf(error)}`, "bad");
  if (known) timeline.table(errorRows(error));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
