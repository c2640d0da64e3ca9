/** Which grant is meant: where it is stored, and whose it is. */
export interface GrantRef {
  readonly key: string;
  /** Absent: the consumer's own, by client credentials. */
  readonly account: string | undefined;
}
