// Refuses a release in which core gets a new major and an adapter does not. changesets 3 gives such an adapter a patch, although
// the range it peers on moves to the new major: a user who updates both would get two copies of core.
import { fileURLToPath } from "node:url";
import { adaptersLeftBehind, readAdapters, readPendingReleases } from "./adapter-majors.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const leftBehind = adaptersLeftBehind(await readPendingReleases(root), await readAdapters(root));
if (leftBehind.length > 0) {
  console.error(
    `core gets a new major, and these peer on it without a major of their own: ${leftBehind.join(", ")}. Add a changeset with "major" for each.`,
  );
  process.exitCode = 1;
}
