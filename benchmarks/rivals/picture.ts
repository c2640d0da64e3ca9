import type { Bar, Panel } from "../results/bar-chart.ts";
import { clientTitles, type ClientName } from "./clients.ts";

/** What the picture shows, by client. */
export interface PictureNumbers {
  readonly requestsFor100: ReadonlyMap<ClientName, number>;
  /** Of 160 callers in 8 processes. */
  readonly served: ReadonlyMap<ClientName, number>;
  /** Seconds; `undefined` for a client that waited longer than it was watched. */
  readonly gaveUpAfter: ReadonlyMap<ClientName, number | undefined>;
  readonly patienceSeconds: number;
}

/** The three comparisons that matter most. */
export function pictureOf(numbers: PictureNumbers): readonly Panel[] {
  const { requestsFor100, served, gaveUpAfter, patienceSeconds } = numbers;
  return [
    {
      title: "Token requests for one expired grant and 100 callers",
      note: "One process. 1 is right: every further one sends a refresh token twice.",
      bars: [...requestsFor100].map(([name, value]) => bar(name, value, String(value))),
    },
    {
      title: "Callers served, of 160 in 8 processes",
      note: "One expired grant for all. More is better; with 0 the user has to sign in again.",
      bars: [...served].map(([name, value]) => bar(name, value, String(value))),
    },
    {
      title: "Seconds until a silent token endpoint is given up",
      note: `Options left alone. Less is better; watched for ${patienceSeconds} s.`,
      bars: [...gaveUpAfter].map(([name, seconds]) =>
        bar(
          name,
          seconds ?? patienceSeconds,
          seconds === undefined ? `still waiting after ${patienceSeconds}` : seconds.toFixed(1),
        ),
      ),
    },
  ];
}

function bar(name: ClientName, value: number, text: string): Bar {
  return {
    label: clientTitles[name].replaceAll("*", ""),
    value,
    text,
    ours: name.startsWith("bitbucket-auth"),
  };
}
