/**
 * Measures the rivals beside ours and writes `RESULTS.md` and `results.svg`.
 *
 * Installs each rival once, alone, into a folder that is not committed; from then on nothing leaves this machine. It takes
 * some minutes. Progress goes to stderr.
 */
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { barChart } from "../results/bar-chart.ts";
import { describeRun } from "../results/machine.ts";
import { toMarkdown } from "../results/markdown-table.ts";
import { resultsPicture, writeResults } from "../results/results-page.ts";
import { step } from "../results/step.ts";
import { installAlone } from "./install-rivals.ts";
import { measureBundles } from "./measures/bundle-size.ts";
import { measureCachedToken } from "./measures/cached-token.ts";
import { measureDeadGrant } from "./measures/dead-grant.ts";
import { measureInstall } from "./measures/install.ts";
import { measureMalformed } from "./measures/malformed.ts";
import { measureNetworkError } from "./measures/network-error.ts";
import { installOurs } from "./measures/pack-ours.ts";
import { measureProcesses } from "./measures/processes.ts";
import { measureRedirects } from "./measures/redirects.ts";
import { measureSilentEndpoint, patienceMs } from "./measures/silent-endpoint.ts";
import { measureSingleFlight } from "./measures/single-flight.ts";
import { titles } from "./measures/titles.ts";
import { pictureOf } from "./picture.ts";
import { bundler, rivals } from "./rivals.ts";
import { rivalsSection } from "./rivals-section.ts";

for (const rival of [...rivals, bundler])
  await step(`installing ${rival.name} ${rival.version}`, () => installAlone(rival));
await step("packing ours", installOurs);

const singleFlight = await step(titles.singleFlight, measureSingleFlight);
const processes = await step(titles.processes, measureProcesses);
const malformed = await step(titles.malformed, measureMalformed);
const redirects = await step(titles.redirects, measureRedirects);
const silentEndpoint = await step(titles.silentEndpoint, measureSilentEndpoint);
const deadGrant = await step(titles.deadGrant, measureDeadGrant);
const networkError = await step(titles.networkError, measureNetworkError);
const bundleSize = await step(titles.bundleSize, measureBundles);
const install = await step(titles.install, measureInstall);
const cachedToken = await step(titles.cachedToken, measureCachedToken);

const tables = [
  singleFlight.table,
  processes.table,
  malformed,
  redirects,
  silentEndpoint.table,
  deadGrant,
  networkError,
  bundleSize,
  install,
  cachedToken,
];
const numbers = {
  requestsFor100: singleFlight.requestsFor100,
  served: processes.served,
  gaveUpAfter: silentEndpoint.gaveUpAfter,
  patienceSeconds: patienceMs / 1000,
};
await writeFile(resultsPicture, barChart("Bitbucket Auth beside other OAuth clients", pictureOf(numbers)));
await writeResults("rivals", rivalsSection(describeRun(), rivals, tables.map(toMarkdown)));
process.stderr.write("written: benchmarks/RESULTS.md, benchmarks/results.svg\n");
