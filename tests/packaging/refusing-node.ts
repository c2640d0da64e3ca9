import { join } from "node:path";
import { readManifest } from "./installed-alone.ts";
import { lowestVersions, takesNode } from "./lowest-versions.ts";

/**
 * Which of the packages `names`, as a project has them, say that they do not run on the lowest Node that our package in
 * `directory` promises. An installer that minds `engines` would refuse ours there. Throws when ours promises nothing.
 */
export async function refusingNode(
  directory: string,
  project: string,
  names: readonly string[],
): Promise<readonly string[]> {
  const { engines } = await readManifest(directory);
  const [promised] = lowestVersions(engines?.node ?? "nothing");
  const told = names.map(async (name) => {
    const { engines: theirs, version } = await readManifest(join(project, "node_modules", name));
    const node = theirs?.node ?? ">=0";
    return takesNode(node, promised) ? [] : [`${name} ${version} runs on Node ${node}, not on ${promised}`];
  });
  return (await Promise.all(told)).flat();
}
