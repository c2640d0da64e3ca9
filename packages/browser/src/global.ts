/** What the `<script>` bundle puts into the global `bitbucketAuth`. */
export { BitBucketClient, createBitbucketClient } from "./bitbucket-client.js";
export { getAccessToken } from "./get-access-token.js";
export { createPageStorage } from "./page-storage.js";
export { LocalStorage, SessionStorage } from "./state-storage.js";
export { isBitbucketAuthError } from "@bitbucket-auth/core";
