/** The tables of a run, in their order. */
export const titles = {
  singleFlight: "One expired grant, many callers in one process",
  processes: "One expired grant, 8 processes with 20 callers each",
  malformed: "Malformed answers to a refresh",
  redirects: "A token endpoint that redirects elsewhere",
  silentEndpoint: "A token endpoint that never answers",
  deadGrant: "A grant that is dead",
  networkError: "One network error during a refresh",
  bundleSize: "Bundle size",
  install: "Installing and importing",
  cachedToken: "A cached token, awaited",
} as const;
