import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the files are that a page of ours is made of. */
export function publicFiles(page: "shared" | "backend" | "implicit"): string {
  return fileURLToPath(new URL(`../public/${page}`, import.meta.url));
}

/** Where the browser package has its bundle for `<script>` tags. */
export function bundleFiles(): string {
  return dirname(fileURLToPath(import.meta.resolve("@bitbucket-auth/browser")));
}
