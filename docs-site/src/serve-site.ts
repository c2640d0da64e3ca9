import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { root } from "./root.ts";

// Shows the built site to this machine alone.
const { values } = parseArgs({
  options: {
    site: { type: "string", default: join(root, "docs-site", "dist") },
    port: { type: "string", default: "4173" },
  },
});

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};

const server = createServer((request, response) => {
  serve(request.url ?? "/").catch(() => response.destroy());

  async function serve(url: string): Promise<void> {
    const { pathname } = new URL(url, "http://127.0.0.1");
    // Note: an absolute path stays below the root of what it is joined to.
    const path = join(values.site, normalize(decodeURIComponent(pathname)));
    const file = pathname.endsWith("/") ? join(path, "index.html") : path;
    const isFile = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    );
    const contentType = contentTypes[extname(file)];
    if (!isFile || contentType === undefined) return void response.writeHead(404).end("Not found");
    response.writeHead(200, { "content-type": contentType });
    await pipeline(createReadStream(file), response);
  }
});

server.listen(Number(values.port), "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object")
    process.stdout.write(`http://127.0.0.1:${address.port}/\n`);
});
