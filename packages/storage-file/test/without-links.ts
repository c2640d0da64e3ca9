import { nodeFileSystem, type FileSystem } from "../src/file-system.ts";

/** exFAT and some network shares: every attempt at a hard link is refused. */
export const refusingLinks = (code: string): FileSystem => ({
  ...nodeFileSystem,
  link: () => Promise.reject(Object.assign(new Error(`${code}: link`), { code })),
});
