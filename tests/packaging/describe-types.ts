import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packPackages, root } from "../consumers/packed-packages.ts";
import { compile, type Compilation } from "./compile.ts";
import {
  copyUse,
  installAlone,
  linkFromWorkspace,
  type LonePackage,
  type LonePackages,
} from "./installed-alone.ts";

/** The packages whose types need nothing of Node. */
const forPages = ["browser", "core"];
/** The packages that are for pages alone. */
const onlyForPages = ["browser"];

/** Entries for the users of another package, and that package. */
const entriesWithPeer: Readonly<Record<string, string>> = {
  "@bitbucket-auth/api-v2/openapi": "@coderabbitai/bitbucket",
  "@bitbucket-auth/testing/msw": "msw",
  "@bitbucket-auth/testing/vitest": "vitest",
  "@bitbucket-auth/web/fastify": "fastify",
  "@bitbucket-auth/web/hono": "hono",
};

const folders = await readdir(join(root, "packages"));

/** A compiler, and how it finds modules. */
export type ProjectKind = Pick<Compilation, "compiler" | "resolution">;

/** Registers that the types of every package compile, in projects of these kinds. */
export function describeTypes(everyProject: readonly ProjectKind[]): void {
  // TypeScript 5.9 takes its time on a machine that has others to serve.
  describe("the types of every package", { timeout: 180_000 }, () => {
    let lone: LonePackages;
    beforeAll(async () => {
      const packed = await packPackages();
      lone = await installAlone(packed.all);
      await linkFromWorkspace(lone.directory, "@types/node", "tests");
      await Promise.all(lone.all.map(copyUse));
    }, 300_000);
    afterAll(() => lone.remove());

    function find(folder: string): LonePackage {
      const found = lone.all.find((each) => each.folder === folder);
      if (!found) throw new Error(`${folder} was not packed`);
      return found;
    }

    /** What the oldest cannot read: the testing kit shows `Uint8Array<ArrayBuffer>`, which began with TypeScript 5.7. */
    const fromLaterOn = ["testing"];

    beforeAll(async () => {
      await linkFromWorkspace(find("express").project, "@types/express", "tests");
      await Promise.all(lone.all.map(writeEntries));
    });

    /** A file that imports every entry which needs nothing else, one that requires them, and one with the others. */
    async function writeEntries({ entries, project }: LonePackage): Promise<void> {
      const free = entries.filter((entry) => entriesWithPeer[entry] === undefined);
      const bound = entries.filter((entry) => entriesWithPeer[entry] !== undefined);
      const list = (these: readonly string[]): string =>
        `export const all: readonly object[] = [${these.map((_, index) => `entry${index}`).join()}];`;
      const imports = (these: readonly string[]): string =>
        these.map((entry, index) => `import * as entry${index} from "${entry}";`).join("\n") + list(these);
      const requires = free.map((entry, index) => `import entry${index} = require("${entry}");`).join("\n");
      await writeFile(join(project, "entries.ts"), imports(free));
      await writeFile(join(project, "required.cts"), requires + list(free));
      await writeFile(join(project, "entries-with-peer.ts"), imports(bound));
    }

    it.each(everyProject)(
      "compile for Node, with $compiler and $resolution, without a page's types",
      async (kind) => {
        const isOldest = kind.compiler === "TypeScript 5.4";
        // TypeScript 5.8 is the first to let CommonJS require what is ESM.
        const canRequire = kind.resolution === "nodenext" && !isOldest;
        const names = ["app.ts", "entries.ts", ...(canRequire ? ["required.cts"] : [])];
        const here = folders.filter(
          (folder) => !onlyForPages.includes(folder) && !(isOldest && fromLaterOn.includes(folder)),
        );
        const files = here.flatMap((folder) => names.map((name) => join(folder, name)));
        expect(await compile(lone.directory, { ...kind, platform: "Node", files })).toBe("");
      },
    );

    it.each(everyProject)(
      "compile for a page, with $compiler and $resolution, without Node's types",
      async (kind) => {
        const here = folders.filter((folder) => forPages.includes(folder));
        const files = here.flatMap((folder) => [join(folder, "app.ts"), join(folder, "entries.ts")]);
        expect(await compile(lone.directory, { ...kind, platform: "a page", files })).toBe("");
      },
    );

    describe("beside the packages they are for", () => {
      beforeAll(async () => {
        for (const [entry, peer] of Object.entries(entriesWithPeer)) {
          const { folder, project } = find(entry.split("/")[1] ?? "");
          await linkFromWorkspace(project, peer, join("packages", folder));
        }
      });

      const notOldest = everyProject.filter(({ compiler }) => compiler !== "TypeScript 5.4");
      it.each(notOldest)("compile with $compiler and $resolution", async (kind) => {
        const files = folders.map((folder) => join(folder, "entries-with-peer.ts"));
        const told = await compile(lone.directory, {
          ...kind,
          platform: "a page",
          files,
          skipLibCheck: true,
        });
        expect(told).toBe("");
      });
    });
  });
}
