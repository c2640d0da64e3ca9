import { gzipSync } from "node:zlib";
import { folderOf } from "../install-rivals.ts";
import { resolveRivals } from "../resolve-rivals.ts";
import { rivals } from "../rivals.ts";
import { count, type Table } from "../../results/table.ts";
import { bundlePrograms } from "./bundle-programs.ts";
import { ours } from "./pack-ours.ts";
import { titles } from "./titles.ts";

interface Bundle {
  readonly title: string;
  readonly minified: number;
  readonly gzipped: number;
  readonly forBrowsers: boolean;
}

/** What a program that signs in and refreshes weighs once it is bundled. */
export async function measureBundles(): Promise<Table> {
  const versions = new Map(rivals.map(({ name, version }) => [name, version]));
  const bundles: Bundle[] = [];
  for (const [title, program] of Object.entries(bundlePrograms)) {
    const version = versions.get(title);
    const folder = folderOf(version === undefined ? ours : title);
    bundles.push({
      title: version === undefined ? `**${title}**` : `${title} ${version}`,
      ...(await bundle(program, folder)),
    });
  }
  return {
    title: titles.bundleSize,
    method:
      "A program that makes an authorize address, exchanges a code and refreshes, bundled with esbuild with everything it needs " +
      "(minified, es2022). Bytes.",
    columns: ["Package", "Minified", "Gzipped", "Browser build"],
    rows: bundles
      .toSorted((a, b) => a.gzipped - b.gzipped)
      .map(({ title, minified, gzipped, forBrowsers }) => [
        title,
        count(minified),
        count(gzipped),
        forBrowsers ? "yes" : "no",
      ]),
    reading:
      "The small ones leave to you what `createBitbucketAuth` is made of: keeping tokens, leases, merging, encryption, retries, an " +
      "authenticated `fetch`.",
  };
}

async function bundle(program: string, folder: string): Promise<Omit<Bundle, "title">> {
  resolveRivals();
  const { build } = await import("rival:esbuild");
  const weigh = async (platform: "browser" | "node"): Promise<Omit<Bundle, "title">> => {
    const { outputFiles } = await build({
      stdin: { contents: program, resolveDir: folder, loader: "js" },
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2022",
      platform,
      write: false,
      logLevel: "silent",
    });
    const [{ contents }] = outputFiles;
    const gzipped = gzipSync(contents, { level: 9 }).length;
    return { minified: contents.length, gzipped, forBrowsers: platform === "browser" };
  };
  // What needs a module of Node's cannot be bundled for browsers.
  return weigh("browser").catch(() => weigh("node"));
}
