import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A version as its publisher described it. */
export interface PublishedVersion {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly dist: { readonly tarball: string; readonly integrity: string };
}

/** The registry's own name for the tarballs in it. */
const attachments = "_attachments";

/** What `npm publish` sends: a package's document with the new version and its tarball in it. */
interface PublishDocument {
  readonly name: string;
  readonly versions: Readonly<Record<string, PublishedVersion>>;
  readonly "dist-tags": Readonly<Record<string, string>>;
  readonly [attachments]: Readonly<Record<string, { readonly data: string }>>;
}

interface StoredPackage {
  versions: Record<string, PublishedVersion>;
  tags: Record<string, string>;
}

/** A registry on this machine that takes what is published and hands it out again. It knows no other packages. */
export interface LocalRegistry {
  readonly url: string;
  /** Every version it took, in order. */
  readonly published: readonly PublishedVersion[];
  /** The tarball of a version that it took. */
  tarball(version: PublishedVersion): Buffer;
  stop(): Promise<void>;
}

/** Starts a registry on a free port of the loopback address, with nothing in it. */
export async function startLocalRegistry(): Promise<LocalRegistry> {
  const packages = new Map<string, StoredPackage>();
  const tarballs = new Map<string, Buffer>();
  const published: PublishedVersion[] = [];
  let url = "";

  /** Takes a version, or answers why not. As npm's registry: a version is there once and for all. */
  function publish(document: PublishDocument): string | undefined {
    const stored = packages.get(document.name) ?? { versions: {}, tags: {} };
    for (const [version, manifest] of Object.entries(document.versions)) {
      if (stored.versions[version]) return `cannot publish over the previously published ${version}`;
      const [attachment] = Object.values(document[attachments]);
      if (attachment === undefined) return "there is no tarball";
      const path = `/${document.name}/-/${version}.tgz`;
      tarballs.set(path, Buffer.from(attachment.data, "base64"));
      const taken = { ...manifest, dist: { ...manifest.dist, tarball: url + path } };
      stored.versions[version] = taken;
      published.push(taken);
    }
    Object.assign(stored.tags, document["dist-tags"]);
    packages.set(document.name, stored);
    return undefined;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url ?? "/", url).pathname);
    if (request.method === "PUT") {
      const refused = publish(JSON.parse(await bodyOf(request)) as PublishDocument);
      return answer(response, refused === undefined ? 201 : 403, refused ? { error: refused } : { ok: true });
    }
    const tarball = tarballs.get(path);
    if (tarball) return void response.writeHead(200).end(tarball);
    const stored = packages.get(path.slice(1));
    if (!stored) return answer(response, 404, { error: "not found" });
    answer(response, 200, {
      name: path.slice(1),
      "dist-tags": stored.tags,
      versions: stored.versions,
      // Dependencies have to be some days old to be installed. What is published here is older than that.
      time: Object.fromEntries(
        Object.keys(stored.versions).map((version) => [version, "2026-01-01T00:00:00.000Z"]),
      ),
    });
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => answer(response, 500, { error: String(error) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    published,
    tarball({ dist }) {
      const found = tarballs.get(new URL(dist.tarball).pathname);
      if (!found) throw new Error(`There is no ${dist.tarball}`);
      return found;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
