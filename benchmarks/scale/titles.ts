/** The tables of a run, in their order. */
export const scaleTitles = {
  accounts: "Many accounts in one process",
  expireTogether: "Grants that run out in the same minute",
  keepAlive: "400 days of keepAlive()",
} as const;
