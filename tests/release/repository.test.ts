import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { sourceFields, withAddresses, type SourceFields } from "./repository.ts";
import { root } from "./run-pnpm.ts";

const address = "https://github.com/owner/name";
const folders = await readdir(join(root, "packages"));

describe("withAddresses()", () => {
  it("makes an address of a link to what the tarball lacks, and of no other", () => {
    const readme =
      "[a](../../docs/a.md#b) [b](../core/README.md) [c](./src/index.ts) [d](https://example.com) [e](#f) [g](test/a.ts)";
    expect(withAddresses(readme, address, "web")).toBe(
      `[a](${address}/blob/main/docs/a.md#b) [b](${address}/blob/main/packages/core/README.md) ` +
        `[c](./src/index.ts) [d](https://example.com) [e](#f) [g](${address}/blob/main/packages/web/test/a.ts)`,
    );
  });
});

describe("the repository's address", () => {
  it("stands in the root's package.json, or nowhere yet, and every manifest agrees", async () => {
    const { repository } = await readManifest(root);
    for (const folder of folders) {
      const { repository: theirs, homepage, bugs } = await readManifest(join(root, "packages", folder));
      const wanted = typeof repository === "string" ? sourceFields(repository, folder) : {};
      expect({ repository: theirs, homepage, bugs }).toEqual(wanted);
    }
  });

  it.each(folders)("makes every link in the README of %s work once it is installed", async (folder) => {
    const readme = await readFile(join(root, "packages", folder, "README.md"), "utf8").catch(() => "");
    const links = withAddresses(readme, address, folder).matchAll(/\]\((?!https?:|#|mailto:)([^)\s]+)\)/g);
    expect(
      [...links]
        .map(([, path = ""]) => path)
        .filter((path) => !/^(?:\.\/)?(?:src\/|LICENSE|CHANGELOG)/.test(path)),
    ).toEqual([]);
  });
});

describe("the form for a bug", () => {
  it("offers every package", async () => {
    const form = parse(await readFile(join(root, ".github/ISSUE_TEMPLATE/bug.yml"), "utf8")) as {
      readonly body: readonly {
        readonly id?: string;
        readonly attributes: { readonly options?: readonly string[] };
      }[];
    };
    const offered = form.body.find(({ id }) => id === "package")?.attributes.options;
    expect(offered?.toSorted()).toEqual(folders.map((folder) => `@bitbucket-auth/${folder}`).toSorted());
  });
});

async function readManifest(
  directory: string,
): Promise<Omit<SourceFields, "repository"> & { readonly repository?: unknown }> {
  return JSON.parse(await readFile(join(directory, "package.json"), "utf8")) as SourceFields;
}
