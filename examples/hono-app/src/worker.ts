/** The same app as a worker. Its bindings are texts; memory lasts as long as the isolate: see the README. */
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketWeb } from "@bitbucket-auth/web";
import { createApp } from "./app.ts";

/** What the worker is bound to. */
export interface Bindings {
  readonly BITBUCKET_CLIENT_ID: string;
  readonly BITBUCKET_CLIENT_SECRET: string;
  readonly COOKIE_SECRET: string;
  readonly BASE_URL: string;
  /** Another Bitbucket, for tests: where it listens. */
  readonly BITBUCKET_URL?: string;
}

let app: ReturnType<typeof createApp> | undefined;

function appWith(bindings: Bindings): ReturnType<typeof createApp> {
  const { BITBUCKET_URL: url } = bindings;
  const auth = createBitbucketAuth({
    clientId: bindings.BITBUCKET_CLIENT_ID,
    clientSecret: bindings.BITBUCKET_CLIENT_SECRET,
    ...(url !== undefined && {
      endpoints: {
        authorizationUrl: `${url}/site/oauth2/authorize`,
        tokenUrl: `${url}/site/oauth2/access_token`,
        apiUrl: url,
      },
    }),
  });
  const { COOKIE_SECRET: cookieSecret, BASE_URL: baseUrl } = bindings;
  return createApp(createBitbucketWeb({ auth, cookieSecret, baseUrl }));
}

export default {
  fetch: (request: Request, bindings: Bindings): Response | Promise<Response> =>
    (app ??= appWith(bindings)).fetch(request),
};
