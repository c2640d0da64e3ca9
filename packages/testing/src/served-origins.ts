import type { Hosts } from "./operation.js";

/** The addresses a client is given: `authorize` and `token` are whole, `api` is an origin. */
export interface MockUrls {
  readonly authorize: string;
  readonly token: string;
  readonly api: string;
}

/** Where a fake can be reached: always at Bitbucket's own addresses, and at those it is being served from. */
export interface ServedOrigins {
  readonly hosts: Hosts;
  /** The newest place it is served from, else Bitbucket's own addresses. */
  readonly urls: MockUrls;
  /** Answers for this origin too, until the answered function is called. */
  readonly serveAt: (origin: string) => () => void;
}

const site = "https://bitbucket.org";
const api = "https://api.bitbucket.org";

export function createServedOrigins(): ServedOrigins {
  const served = new Set<string>();
  return {
    hosts: { site, api, served },
    get urls() {
      const [origin] = [...served].toReversed();
      return urlsAt(origin ?? site, origin ?? api);
    },
    serveAt(origin) {
      served.add(origin);
      return () => void served.delete(origin);
    },
  };
}

function urlsAt(siteOrigin: string, apiOrigin: string): MockUrls {
  return {
    authorize: `${siteOrigin}/site/oauth2/authorize`,
    token: `${siteOrigin}/site/oauth2/access_token`,
    api: apiOrigin,
  };
}
