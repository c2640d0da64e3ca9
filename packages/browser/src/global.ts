/** What the `<script>` bundle puts into the global `bitbucketAuth`. */
export { BitBucketClient, createBitbucketClient } from "./bitbucket-client.js";
export { LocalStorage, SessionStorage } from "./state-storage.js";
export { getAccessToken } from "./tokens/get-access-token.js";
export { isBitbucketAuthError } from "@bitbucket-auth/core";
