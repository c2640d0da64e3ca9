/** What an implicit sign-in brought. The token can be read by its name alone: printing or spreading does not show it. */
export class CallbackData {
  readonly #accessToken: string;
  /** When the access token dies, epoch milliseconds. */
  readonly expiresAt: number;

  constructor(accessToken: string, expiresAt: number) {
    this.#accessToken = accessToken;
    this.expiresAt = expiresAt;
  }

  /** By its name on the wire, as the page's hooks have always read it. */
  get access_token(): string {
    return this.#accessToken;
  }
}
