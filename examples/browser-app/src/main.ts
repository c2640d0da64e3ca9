/** Starts both pages and says where they are. `README.md` tells which variables it reads. */
import { readSettings } from "./settings.ts";
import { startDemo } from "./start-demo.ts";

try {
  const demo = await startDemo(readSettings(process.env));
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void demo.close().then(() => process.exit(0)));
  console.log(`\n  Open ${demo.backendUrl}   a single-page app on a backend: no token in the page`);
  console.log(`  Open ${demo.staticUrl}   a static page, by the implicit grant\n`);
  console.log(`  Bitbucket   ${demo.service}`);
  console.log(`  Callback    ${demo.backendUrl}/auth/bitbucket/callback\n`);
  console.log("  Ctrl-C ends it.");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
