import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

/** Makes one module of the single-page app and the package it imports, as any bundler would. */
export async function bundlePageScript(): Promise<string> {
  const bundle = await rolldown({
    input: fileURLToPath(new URL("page/app.ts", import.meta.url)),
    platform: "browser",
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  return output[0].code;
}
