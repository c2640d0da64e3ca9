/** Where the state of a sign-in waits for its callback. `sessionStorage` and `localStorage` fit as they are. */
export interface StateStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** A storage of the page that is looked for at each use, so that it can be named where there is no page. */
class PageStorage implements StateStorage {
  readonly #area: () => StateStorage;

  constructor(area: () => StateStorage) {
    this.#area = area;
  }
  getItem(key: string): string | null {
    return this.#area().getItem(key);
  }
  setItem(key: string, value: string): void {
    this.#area().setItem(key, value);
  }
  removeItem(key: string): void {
    this.#area().removeItem(key);
  }
}

/** The page's `sessionStorage`: one tab, and a reload of it. The default. */
export class SessionStorage extends PageStorage {
  constructor() {
    super(() => globalThis.sessionStorage);
  }
}

/**
 * The page's `localStorage`: every tab of the origin. A sign-in may then end in another tab than it began in, but of two that
 * are under way at once only the later one can end.
 */
export class LocalStorage extends PageStorage {
  constructor() {
    super(() => globalThis.localStorage);
  }
}
