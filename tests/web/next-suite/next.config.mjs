import { fileURLToPath } from "node:url";

/** The packages under test lie outside this folder. */
const root = fileURLToPath(new URL("../../..", import.meta.url));

export default { turbopack: { root }, outputFileTracingRoot: root, typescript: { ignoreBuildErrors: true } };
