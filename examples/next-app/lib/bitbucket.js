import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createFileStorage } from "@bitbucket-auth/storage-file";
import { createBitbucketWeb } from "@bitbucket-auth/web";

/** One for the process, also when a file is changed and loaded again; made when it is first needed, for a build has no secrets. */
export const bitbucket = () => (globalThis.bitbucket ??= create());

function create() {
  const { BASE_URL: baseUrl, COOKIE_SECRET: cookieSecret = "" } = process.env;
  const auth = createBitbucketAuth({
    storage: createFileStorage({ appName: "bitbucket-next-app" }),
    ...endpoints(process.env.BITBUCKET_URL),
  });
  return createBitbucketWeb({ auth, cookieSecret, baseUrl });
}

/** Another Bitbucket than the real one, for trying it out. */
function endpoints(url) {
  if (url === undefined) return {};
  const authorizationUrl = `${url}/site/oauth2/authorize`;
  const tokenUrl = `${url}/site/oauth2/access_token`;
  return { endpoints: { authorizationUrl, tokenUrl, apiUrl: url } };
}
