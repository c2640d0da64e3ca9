import { posix } from "node:path";

/** The part of a manifest that says where its source is. */
export interface SourceFields {
  readonly repository?: { readonly type: string; readonly url: string; readonly directory: string };
  readonly homepage?: string;
  readonly bugs?: string;
}

/** What a package's manifest says of a repository at `https://github.com/owner/name`. npm compares it before it signs. */
export function sourceFields(address: string, folder: string): Required<SourceFields> {
  return {
    repository: { type: "git", url: `git+${address}.git`, directory: `packages/${folder}` },
    homepage: `${address}/tree/main/packages/${folder}#readme`,
    bugs: `${address}/issues`,
  };
}

/** A package's README with links that work where it is installed: those to what its tarball lacks become addresses. */
export function withAddresses(readme: string, address: string, folder: string): string {
  return readme.replaceAll(/\]\((?!https?:|mailto:|#)([^)\s]+)\)/g, (link, path: string) => {
    const target = posix.join("packages", folder, path);
    const isInTarball = new RegExp(`^packages/${folder}/(?:src/|LICENSE|CHANGELOG)`).test(target);
    return isInTarball ? link : `](${address}/blob/main/${target})`;
  });
}
