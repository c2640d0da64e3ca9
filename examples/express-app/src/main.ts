/** Starts the app and says where it is. `README.md` tells which variables it reads. */
import { startApp } from "./start-app.ts";
import { readSettings } from "./settings.ts";

try {
  const settings = readSettings(process.env);
  const app = await startApp(settings);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void app.close().then(() => process.exit(0)));
  // Started by another program: it does not outlive that one.
  process.once("disconnect", () => void app.close().then(() => process.exit(0)));
  console.log(`\n  Open ${app.url}\n`);
  console.log(`  Bitbucket   ${app.service}`);
  console.log(`  Tokens      ${app.storage}`);
  console.log(`  Callback    ${app.url}/auth/bitbucket/callback\n`);
  console.log("  Ctrl-C ends it.");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
